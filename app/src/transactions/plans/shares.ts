/** Moves of shares, and a holder's own settings. */
import type { Address } from '@solana/kit';
import { approvalOf, TOKEN_2022 } from '../../chain/addresses';
import { isCurated, type At, type Position, type Security } from '../../chain/accounts';
import {
    getClosePositionInstruction,
    getRegisterInstruction,
    getSetPayoutAccountInstruction,
    getTransferSharesInstruction,
    getUnregisterInstruction,
} from '../../generated/instructions';
import type { Plan } from '../plan';
import { bearerAccountOf, holderKeys, securityAccounts, signerOf, tail } from './keys';
import { createAta } from './token';

export async function registerPlan(wallet: Address, security: At<Security>, symbol: string, amount: bigint): Promise<Plan> {
    const holder = signerOf(wallet);
    const instruction = getRegisterInstruction({
        payer: holder,
        holder,
        ...securityAccounts(security),
        ...(await holderKeys(security.address, wallet)),
        bearerAccount: await bearerAccountOf(security, wallet),
        ...(await tail()),
        amount,
    });
    return {
        title: `Register ${symbol}`,
        notes: [
            'From now on these shares earn what is paid in, and can be redeemed.',
            'They stay in your wallet, which shows them as frozen: only the program moves them, and it pays you first. You can unregister them at any time.',
        ],
        steps: [{ title: 'Register', instructions: [instruction] }],
    };
}

export async function unregisterPlan(wallet: Address, security: At<Security>, symbol: string, amount: bigint): Promise<Plan> {
    const holder = signerOf(wallet);
    const instruction = getUnregisterInstruction({
        holder,
        ...securityAccounts(security),
        ...(await holderKeys(security.address, wallet)),
        bearerAccount: await bearerAccountOf(security, wallet),
        ...(await tail()),
        amount,
    });
    return {
        title: `Unregister ${symbol}`,
        notes: [
            'These shares become ordinary tokens that trade anywhere. They stop earning and cannot be redeemed until they are registered again.',
            'What they have earned so far stays yours to claim.',
        ],
        steps: [
            { title: 'Unregister', instructions: [await createAta(wallet, wallet, security.mint, TOKEN_2022), instruction] },
        ],
    };
}

export async function sendPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    to: Address,
    amount: bigint,
): Promise<Plan> {
    const holder = signerOf(wallet);
    const [from, receiver] = [await holderKeys(security.address, wallet), await holderKeys(security.address, to)];
    const instruction = getTransferSharesInstruction({
        payer: holder,
        holder,
        ...securityAccounts(security),
        fromPosition: from.position,
        fromRegistered: from.registered,
        toHolder: to,
        toPosition: receiver.position,
        toRegistered: receiver.registered,
        ...(isCurated(security) ? { approval: await approvalOf(security.address, to) } : {}),
        ...(await tail()),
        amount,
    });
    return {
        title: `Send ${symbol}`,
        notes: [
            `The shares go to ${to} and stay registered there.`,
            'What they have earned until now stays with you; what they earn from now on is the receiver\u2019s. This cannot be undone.',
        ],
        steps: [{ title: 'Send', instructions: [instruction] }],
    };
}

export async function setPayoutAccountPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    payoutAccount: Address,
): Promise<Plan> {
    const instruction = getSetPayoutAccountInstruction({
        holder: signerOf(wallet),
        security: security.address,
        position: (await holderKeys(security.address, wallet)).position,
        payoutAccount,
        ...(await tail()),
    });
    return {
        title: `Choose where ${symbol} pays`,
        notes: [`When anybody claims for you, the money goes to ${payoutAccount}.`],
        steps: [{ title: 'Choose', instructions: [instruction] }],
    };
}

export async function closePositionPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    position: At<Position>,
): Promise<Plan> {
    const instruction = getClosePositionInstruction({
        holder: signerOf(wallet),
        ...securityAccounts(security),
        ...(await holderKeys(security.address, wallet)),
        rentPayer: position.rentPayer,
        ...(await tail()),
    });
    return {
        title: `Close your empty position in ${symbol}`,
        notes: [`Its rent goes back to ${position.rentPayer}, who paid it.`],
        steps: [{ title: 'Close', instructions: [instruction] }],
    };
}
