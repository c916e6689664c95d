/** Money in and out. */
import type { Address } from '@solana/kit';
import type { At, Position, Security } from '../../chain/accounts';
import { getClaimInstruction, getDistributeInstruction } from '../../generated/instructions';
import type { Plan } from '../plan';
import { holderKeys, payoutAccountOf, payoutProgramOf, signerOf, tail } from './keys';
import { createAta } from './token';

/** Claims what `position` is owed, to where its holder has chosen. Anybody may do this for anybody. */
export async function claimInstructions(wallet: Address, security: At<Security>, position: Position) {
    const tokenProgram = payoutProgramOf(security);
    const usual = await payoutAccountOf(security, position.holder);
    const claim = getClaimInstruction({
        security: security.address,
        position: (await holderKeys(security.address, position.holder)).position,
        holder: position.holder,
        payoutVault: security.payoutVault,
        payoutAccount: position.payoutAccount,
        payoutMint: security.payoutMint,
        payoutTokenProgram: tokenProgram,
        ...(await tail()),
    });
    return position.payoutAccount === usual
        ? [await createAta(wallet, position.holder, security.payoutMint, tokenProgram), claim]
        : [claim];
}

export async function claimPlan(wallet: Address, security: At<Security>, symbol: string, position: Position): Promise<Plan> {
    const own = position.holder === wallet;
    return {
        title: `Claim from ${symbol}`,
        notes: [
            own ? `The money goes to ${position.payoutAccount}.` : `The money goes to ${position.holder}\u2019s account ${position.payoutAccount}, not to you.`,
            'Your shares stay as they are and keep earning.',
        ],
        steps: [{ title: 'Claim', instructions: await claimInstructions(wallet, security, position) }],
        mints: [security.payoutMint],
    };
}

export async function distributePlan(wallet: Address, security: At<Security>, symbol: string, amount: bigint): Promise<Plan> {
    const instruction = getDistributeInstruction({
        funder: signerOf(wallet),
        security: security.address,
        ...(amount > 0n ? { source: await payoutAccountOf(security, wallet) } : {}),
        payoutVault: security.payoutVault,
        inbox: security.inbox,
        payoutMint: security.payoutMint,
        payoutTokenProgram: payoutProgramOf(security),
        ...(await tail()),
        amount,
    });
    return {
        title: `Pay into ${symbol}`,
        notes: ['The money drips to everybody who has registered shares, in proportion. It does not come back to you.'],
        steps: [{ title: 'Pay in', instructions: [instruction] }],
        mints: [security.payoutMint],
    };
}
