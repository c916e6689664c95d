/** Grants: shares promised for help. */
import type { Address } from '@solana/kit';
import { grantOf, NOBODY } from '../../chain/addresses';
import type { At, Grant, Security } from '../../chain/accounts';
import {
    getApproveMilestoneInstruction,
    getClaimGrantInstruction,
    getCloseGrantInstruction,
    getCreateGrantInstruction,
    getRevokeGrantInstruction,
} from '../../generated/instructions';
import { formatAmount } from '../../amounts';
import { formatTime } from '../../time';
import { pack, type Part } from '../pack';
import type { Plan } from '../plan';
import { holderKeys, securityAccounts, signerOf, tail } from './keys';

export type GrantTerms = {
    id: bigint;
    recipient: Address;
    amount: bigint;
    startTs: bigint;
    cliffTs: bigint;
    endTs: bigint;
    revocable: boolean;
    /** Who must approve before a time, or null if time alone decides. */
    milestone: { approver: Address; deadlineTs: bigint } | null;
};

async function grantInstruction(wallet: Address, security: At<Security>, terms: GrantTerms) {
    const signer = signerOf(wallet);
    return getCreateGrantInstruction({
        payer: signer,
        issuer: signer,
        ...securityAccounts(security),
        issuerPosition: (await holderKeys(security.address, wallet)).position,
        recipient: terms.recipient,
        grant: await grantOf(security.address, terms.recipient, terms.id),
        ...(await tail()),
        id: terms.id,
        amount: terms.amount,
        startTs: terms.startTs,
        cliffTs: terms.cliffTs,
        endTs: terms.endTs,
        revocable: terms.revocable,
        approver: terms.milestone?.approver ?? NOBODY,
        deadlineTs: terms.milestone?.deadlineTs ?? 0n,
    });
}

/** Grants to many: those that are left to make, as many in one transaction as fit. */
export async function createGrantsPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    all: readonly GrantTerms[],
    made: number,
): Promise<Plan> {
    const parts = await Promise.all(
        all.map(async (terms): Promise<Part> => ({ title: 'Grant', instructions: [await grantInstruction(wallet, security, terms)], alone: false })),
    );
    const sum = all.reduce((so, terms) => so + terms.amount, 0n);
    const stays = all.some((terms) => !terms.revocable);
    return {
        title: `Grant ${symbol} to ${all.length}`,
        notes: [
            `${formatAmount(sum, security.decimals)} ${symbol} are promised in all.`,
            ...(made > 0 ? [`${made} of the table exist already and are left out.`] : []),
            ...all.map((terms) => `${formatAmount(terms.amount, security.decimals)} to ${terms.recipient}.`),
        ],
        irreversible: [stays ? 'You cannot take any of it back.' : 'You can stop what has not vested; what has vested stays theirs.'],
        steps: pack(wallet, parts),
    };
}

export async function createGrantPlan(wallet: Address, security: At<Security>, symbol: string, terms: GrantTerms): Promise<Plan> {
    const instruction = await grantInstruction(wallet, security, terms);
    return {
        title: `Grant ${symbol}`,
        notes: [
            `${terms.recipient} receives new shares from ${formatTime(terms.cliffTs)} on, all of them at ${formatTime(terms.endTs)}.`,
            ...(terms.milestone
                ? [`Nothing vests until ${terms.milestone.approver} approves, before ${formatTime(terms.milestone.deadlineTs)}.`]
                : []),
        ],
        irreversible: [
            terms.revocable
                ? 'You can stop what has not vested; what has vested stays theirs.'
                : 'You cannot take any of it back.',
        ],
        steps: [{ title: 'Grant', instructions: [instruction] }],
    };
}

export async function claimGrantPlan(wallet: Address, security: At<Security>, symbol: string, grant: At<Grant>): Promise<Plan> {
    const instruction = getClaimGrantInstruction({
        payer: signerOf(wallet),
        recipient: grant.recipient,
        ...securityAccounts(security),
        grant: grant.address,
        ...(await holderKeys(security.address, grant.recipient)),
        ...(await tail()),
    });
    return {
        title: `Take vested ${symbol}`,
        notes: [`New shares are issued to ${grant.recipient}, registered: they earn from now on.`],
        steps: [{ title: 'Take', instructions: [instruction] }],
    };
}

export async function approveMilestonePlan(wallet: Address, symbol: string, grant: At<Grant>): Promise<Plan> {
    const instruction = getApproveMilestoneInstruction({
        approver: signerOf(wallet),
        security: grant.security,
        grant: grant.address,
        ...(await tail()),
    });
    return {
        title: `Approve a milestone of ${symbol}`,
        notes: [`The schedule of ${grant.recipient} applies as written.`],
        irreversible: ['An approval cannot be taken back.'],
        steps: [{ title: 'Approve', instructions: [instruction] }],
    };
}

export async function revokeGrantPlan(wallet: Address, security: At<Security>, symbol: string, grant: At<Grant>): Promise<Plan> {
    const instruction = getRevokeGrantInstruction({
        issuer: signerOf(wallet),
        security: security.address,
        grant: grant.address,
        ...(await tail()),
    });
    return {
        title: `Stop a grant of ${symbol}`,
        notes: [`What has vested stays ${grant.recipient}\u2019s to take; the rest is free again.`],
        irreversible: ['A grant that was stopped does not go on.'],
        steps: [{ title: 'Stop', instructions: [instruction] }],
    };
}

export async function closeGrantPlan(symbol: string, grant: At<Grant>): Promise<Plan> {
    const instruction = getCloseGrantInstruction({
        security: grant.security,
        grant: grant.address,
        rentPayer: grant.rentPayer,
        ...(await tail()),
    });
    return {
        title: `Close a finished grant of ${symbol}`,
        notes: [`Its rent goes back to ${grant.rentPayer}, who paid it.`],
        steps: [{ title: 'Close', instructions: [instruction] }],
    };
}
