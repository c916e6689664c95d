/** What an issuer does with the security itself. */
import type { Address } from '@solana/kit';
import { formatAmount } from '../../amounts';
import { approvalOf, NOBODY } from '../../chain/addresses';
import type { At, Security } from '../../chain/accounts';
import {
    getAcceptIssuerInstruction,
    getAdvanceRedemptionInstruction,
    getApproveHolderInstructionAsync,
    getIssueInstruction,
    getPostUpdateInstruction,
    getProposeIssuerInstruction,
    getRemoveApprovalInstruction,
    getRetireInstruction,
    getUpdateMetadataInstruction,
} from '../../generated/instructions';
import { formatTime } from '../../time';
import type { Plan } from '../plan';
import { holderKeys, securityAccounts, signerOf, tail } from './keys';

const one = (title: string, instruction: Plan['steps'][number]['instructions'][number]) => [{ title, instructions: [instruction] }];

export async function issuePlan(wallet: Address, security: At<Security>, symbol: string, amount: bigint): Promise<Plan> {
    const signer = signerOf(wallet);
    const instruction = getIssueInstruction({
        payer: signer,
        issuer: signer,
        ...securityAccounts(security),
        ...(await holderKeys(security.address, wallet)),
        ...(await tail()),
        amount,
    });
    return {
        title: `Issue ${symbol} to yourself`,
        notes: ['Possible only while you hold every share and nothing is promised.'],
        steps: one('Issue', instruction),
    };
}

export async function retirePlan(wallet: Address, security: At<Security>, symbol: string, amount: bigint): Promise<Plan> {
    const instruction = getRetireInstruction({ issuer: signerOf(wallet), security: security.address, ...(await tail()), amount });
    const after = formatAmount(security.authorisedAtoms - amount, security.decimals);
    return {
        title: `Give up capacity of ${symbol}`,
        notes: ['Everybody\u2019s part of the backing rises.'],
        irreversible: [`At most ${after} shares can ever exist after this.`],
        steps: one('Give up', instruction),
    };
}

export async function advanceRedemptionPlan(wallet: Address, security: At<Security>, symbol: string, from: bigint): Promise<Plan> {
    const instruction = getAdvanceRedemptionInstruction({
        issuer: signerOf(wallet),
        security: security.address,
        ...(await tail()),
        redeemAfterTs: from,
    });
    return {
        title: `Open redemption of ${symbol} earlier`,
        notes: [],
        irreversible: [`Holders can redeem from ${formatTime(from)} on; this can never be moved later again.`],
        steps: one('Open earlier', instruction),
    };
}

export async function proposeIssuerPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    to: Address | null,
): Promise<Plan> {
    const instruction = getProposeIssuerInstruction({
        issuer: signerOf(wallet),
        security: security.address,
        ...(await tail()),
        pendingIssuer: to ?? NOBODY,
    });
    return {
        title: to ? `Hand ${symbol} over` : `Withdraw the handover of ${symbol}`,
        notes: to ? [`${to} becomes the issuer when it accepts; until then you are.`] : ['Nobody is proposed as issuer any more.'],
        steps: one(to ? 'Propose' : 'Withdraw', instruction),
    };
}

export async function acceptIssuerPlan(wallet: Address, security: At<Security>, symbol: string): Promise<Plan> {
    const instruction = getAcceptIssuerInstruction({
        pendingIssuer: signerOf(wallet),
        security: security.address,
        ...(await tail()),
    });
    return {
        title: `Become the issuer of ${symbol}`,
        notes: ['You alone will act for the security: grants, vaults, updates, a handover.'],
        steps: one('Accept', instruction),
    };
}

export async function updateMetadataPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    change: { name: string | null; symbol: string | null; uri: string | null },
): Promise<Plan> {
    const signer = signerOf(wallet);
    const instruction = getUpdateMetadataInstruction({
        payer: signer,
        issuer: signer,
        ...securityAccounts(security),
        ...(await tail()),
        ...change,
    });
    const said = Object.entries(change).flatMap(([field, value]) => (value === null ? [] : [`The ${field} becomes \u201c${value}\u201d.`]));
    return { title: `Change the metadata of ${symbol}`, notes: said, steps: one('Change', instruction) };
}

export async function postUpdatePlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    uri: string,
    sha256: Uint8Array,
): Promise<Plan> {
    const instruction = getPostUpdateInstruction({
        issuer: signerOf(wallet),
        security: security.address,
        ...(await tail()),
        uri,
        sha256,
    });
    return {
        title: `Tell the holders of ${symbol} something`,
        notes: [`The history names ${uri} and the checksum of its text. It stays there for ever.`],
        steps: one('Post', instruction),
    };
}

export async function approveHolderPlan(wallet: Address, security: At<Security>, symbol: string, holder: Address): Promise<Plan> {
    const signer = signerOf(wallet);
    const instruction = await getApproveHolderInstructionAsync({
        payer: signer,
        issuer: signer,
        security: security.address,
        holder,
        ...(await tail()),
    });
    return {
        title: `Approve a holder of ${symbol}`,
        notes: [`${holder} may receive shares from other holders.`],
        steps: one('Approve', instruction),
    };
}

export async function removeApprovalPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    holder: Address,
    rentPayer: Address,
): Promise<Plan> {
    const instruction = getRemoveApprovalInstruction({
        issuer: signerOf(wallet),
        security: security.address,
        approval: await approvalOf(security.address, holder),
        rentPayer,
        ...(await tail()),
    });
    return {
        title: `Remove an approval of ${symbol}`,
        notes: [`${holder} receives no more shares from others. What it holds keeps earning and stays its own.`],
        steps: one('Remove', instruction),
    };
}
