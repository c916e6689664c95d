/** Redeeming: the claim first, then the burn, then each asset by itself, in transactions as full as they can be. */
import type { Address } from '@solana/kit';
import { formatAmount } from '../../amounts';
import { approvalOf, MEMO, redemptionOf } from '../../chain/addresses';
import { isCurated, type At, type Position, type Security } from '../../chain/accounts';
import { arrives, isFree, type Leg, type Quote } from '../../chain/redemption';
import {
    getCloseRedemptionInstruction,
    getCollectInstruction,
    getCollectSharesInstruction,
    getRedeemInstruction,
} from '../../generated/instructions';
import { mulDivCeil } from '../../math';
import { pack, type Part } from '../pack';
import type { Plan } from '../plan';
import { holderKeys, securityAccounts, signerOf, tail } from './keys';
import { harvestInstruction } from './layers';
import { createAta } from './token';
import { claimInstructions } from './upside';

/** The first number that no open ticket has. */
export function freeId(tickets: readonly { id: bigint }[]): bigint {
    let id = 0n;
    while (tickets.some((ticket) => ticket.id === id)) id += 1n;
    return id;
}

/** The least that may arrive, rounded up. */
const leastOf = (leg: Leg, toleranceBps: number) => mulDivCeil(arrives(leg), BigInt(10_000 - toleranceBps), 10_000n);

/** Shares of another security arrive registered. */
async function collectShares(quote: Quote, leg: Leg, held: At<Security>, redemption: Address, toleranceBps: number): Promise<Part> {
    const signer = signerOf(quote.holder);
    const vaultKeys = await holderKeys(held.address, leg.vault.address);
    const instruction = getCollectSharesInstruction({
        payer: signer,
        holder: signer,
        ...securityAccounts(quote.security),
        redemption,
        vault: leg.vault.address,
        heldSecurity: held.address,
        heldMint: held.mint,
        vaultPosition: vaultKeys.position,
        vaultRegistered: vaultKeys.registered,
        ...(await holderKeys(held.address, quote.holder)),
        ...(isCurated(held) ? { approval: await approvalOf(held.address, quote.holder) } : {}),
        ...(await tail()),
        leastAtoms: leastOf(leg, toleranceBps),
    });
    return { title: `Collect ${leg.symbol}`, instructions: [instruction], alone: false };
}

async function collect(quote: Quote, leg: Leg, redemption: Address, toleranceBps: number): Promise<Part> {
    const { security, holder } = quote;
    if (leg.held) return collectShares(quote, leg, leg.held, redemption, toleranceBps);
    const open = leg.receiverMissing ? [await createAta(holder, holder, leg.vault.assetMint, leg.tokenProgram)] : [];
    const instruction = getCollectInstruction({
        holder: signerOf(holder),
        ...securityAccounts(security),
        redemption,
        vault: leg.vault.address,
        vaultAccount: leg.vault.tokenAccount,
        assetMint: leg.vault.assetMint,
        receiver: leg.receiver,
        assetTokenProgram: leg.tokenProgram,
        memoProgram: MEMO,
        ...(await tail()),
        leastAtoms: leastOf(leg, toleranceBps),
    });
    return { title: `Collect ${leg.symbol}`, instructions: [...open, instruction], alone: false };
}

/**
 * Everything that can be done now for a quote: assets that are blocked, and those in `later`, wait for the holder. A quote without a ticket
 * gets number `id`, and what its position is owed is claimed before the shares go.
 */
export async function redemptionPlan(
    quote: Quote,
    symbol: string,
    options: { id: bigint; position: Position | null; owed: bigint; later: ReadonlySet<Address>; toleranceBps: number },
): Promise<Plan> {
    const { security, holder, ticket, shares } = quote;
    const id = ticket?.id ?? options.id;
    const redemption = await redemptionOf(security.address, holder, id);
    const parts: Part[] = [];
    if (!ticket) {
        // What the vaults' shares earn after this belongs to those who stay.
        for (const leg of quote.legs) {
            if (leg.held && leg.unharvested > 0n) {
                const instruction = await harvestInstruction({ security, symbol, held: leg.held, heldSymbol: leg.symbol });
                parts.push({ title: `Harvest ${leg.symbol}`, instructions: [instruction], alone: true });
            }
        }
        if (options.position && options.owed > 0n) {
            // The payout mint's issuer may have frozen that account: the shares are redeemed all the same.
            const instructions = await claimInstructions(holder, security, options.position);
            parts.push({ title: 'Claim what is owed', instructions, alone: true });
        }
        const signer = signerOf(holder);
        const redeem = getRedeemInstruction({
            payer: signer,
            holder: signer,
            ...securityAccounts(security),
            ...(await holderKeys(security.address, holder)),
            redemption,
            ...(await tail()),
            id,
            amount: shares,
        });
        parts.push({ title: 'Give the shares up', instructions: [redeem], alone: false });
    }
    const now = quote.legs.filter((leg) => isFree(leg) && !options.later.has(leg.vault.assetMint));
    for (const leg of now) parts.push(await collect(quote, leg, redemption, options.toleranceBps));
    if (now.length === quote.legs.length) {
        const close = getCloseRedemptionInstruction({
            holder: signerOf(holder),
            security: security.address,
            redemption,
            rentPayer: ticket?.rentPayer ?? holder,
            ...(await tail()),
        });
        parts.push({ title: 'Close the ticket', instructions: [close], alone: false });
    }
    const waiting = quote.legs.filter((leg) => !now.includes(leg));
    const amount = `${formatAmount(shares, security.decimals)} ${symbol}`;
    return {
        title: ticket ? `Collect for ${amount}` : `Redeem ${amount}`,
        notes: [
            ...(waiting.length > 0
                ? [`Left for later: ${waiting.map((leg) => leg.symbol).join(', ')}. The ticket keeps your part until you collect it.`]
                : []),
            'Each asset is refused if much less than shown would arrive.',
        ],
        ...(ticket ? {} : { irreversible: [`${amount} are burnt for ever in exchange for your part of the vaults.`] }),
        steps: pack(holder, parts),
        mints: now.map((leg) => leg.vault.assetMint),
    };
}
