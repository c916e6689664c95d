/** What a redemption pays now, asset by asset, and which is blocked and why. One asset never holds up another. */
import type { Address } from '@solana/kit';
import { visible } from '../display';
import { ataOf, TOKEN_2022 } from './addresses';
import {
    findApproval,
    findPosition,
    findSecurity,
    hasCollected,
    isCurated,
    securityOfMint,
    vaultsOfSecurity,
    type At, type Redemption, type Security, type Vault } from './accounts';
import { timeNow, type Clock } from './clock';
import { feeOf, readMint, readMints, type Mint } from './mints';
import { backing, claimable } from './quotes';
import { exists, readAccounts, type RawAccount } from './reads';
import { decodeTokenAccount } from './token-accounts';

export type Leg = {
    vault: At<Vault>;
    /** The security whose shares the vault holds; null for any other asset. */
    held: At<Security> | null;
    mint: Mint | null;
    symbol: string;
    tokenProgram: Address;
    /** Asset atoms in the vault. */
    balance: bigint;
    /** Asset atoms that leave the vault, rounded down. */
    part: bigint;
    /** Asset atoms that the mint withholds on the way. */
    fee: bigint;
    /** What the vault's shares have earned and nobody has harvested, payout atoms of their security. */
    unharvested: bigint;
    receiver: Address;
    receiverMissing: boolean;
    /** Why it cannot be collected now; empty if it can. */
    blocks: string[];
};
export type Quote = { security: At<Security>; holder: Address; shares: bigint; ticket: At<Redemption> | null; legs: Leg[] };

export const arrives = (leg: Leg): bigint => leg.part - leg.fee;
export const isFree = (leg: Leg): boolean => leg.blocks.length === 0;

function blocksOf(vaultAccount: RawAccount | null, mint: Mint | null, vault: Vault): string[] {
    if (!mint) return ['its mint cannot be read'];
    const blocks: string[] = [];
    if (vault.holdsShares === 1) return blocks;
    if (mint.pausable?.paused) blocks.push('its issuer has paused all transfers');
    if (mint.hook?.program) blocks.push('its issuer has set a transfer hook; collect it with the command line, which finds the hook\u2019s accounts');
    if (exists(vaultAccount) && decodeTokenAccount(vaultAccount)?.frozen) blocks.push('its issuer has frozen the vault\u2019s account');
    return blocks;
}

function receiverBlocks(account: RawAccount | null, mint: Mint | null, holder: Address): string[] {
    if (!exists(account)) {
        return mint?.bornFrozen ? ['your account for it would be born frozen; its issuer must thaw it first'] : [];
    }
    const token = decodeTokenAccount(account);
    if (!token) return ['the receiving address is no token account'];
    if (token.owner !== holder) return [`the receiving account belongs to ${token.owner}`];
    return token.frozen ? ['your account for it is frozen; its issuer must thaw it'] : [];
}

/** Shares of a curated security go only to holders whom its issuer has approved. */
async function approvalBlocks(held: At<Security>, holder: Address): Promise<string[]> {
    if (!isCurated(held) || (await findApproval(held.address, holder))) return [];
    return [`its issuer ${held.issuer} must approve you as a holder first`];
}

/** What redeeming `shares` pays before it is begun, or, with a ticket, what is left of it. */
export async function quoteRedemption(
    address: Address,
    holder: Address,
    shares: bigint,
    ticket: At<Redemption> | null,
    clock: Clock,
): Promise<Quote> {
    // The security is read with the vaults: their figures belong together.
    const security = await findSecurity(address);
    if (!security) throw new Error('The security cannot be read.');
    const inReach = (vault: Vault) => ticket === null || (vault.index < ticket.vaultCount && !hasCollected(ticket, vault.index));
    const [shareMint, all] = await Promise.all([readMint(security.mint), vaultsOfSecurity(security.address)]);
    const vaults = all.filter(inReach);
    const [accounts, mints] = await Promise.all([
        readAccounts(vaults.map((vault) => vault.tokenAccount)),
        readMints(vaults.map((vault) => vault.assetMint)),
    ]);
    const legs = await Promise.all(
        vaults.map(async (vault, i): Promise<Leg> => {
            const [account, mint] = [accounts[i] ?? null, mints[i] ?? null];
            const tokenProgram = exists(account) ? account.owner : TOKEN_2022;
            const held = vault.holdsShares === 1 ? await securityOfMint(vault.assetMint) : null;
            const position = held && (await findPosition(held.address, vault.address));
            const balance = held ? (position?.sharesAtoms ?? 0n) : ((account && decodeTokenAccount(account)?.amount) ?? 0n);
            const part = backing(security, vault, shareMint.supply, balance, shares);
            return {
                vault,
                held,
                mint,
                symbol: mint?.metadata ? visible(mint.metadata.symbol, 16) : vault.assetMint,
                tokenProgram,
                balance,
                part,
                fee: mint ? feeOf(mint, part, clock.epoch) : 0n,
                unharvested: (held && position && claimable(held, position, timeNow(clock))) ?? 0n,
                receiver: await ataOf(holder, vault.assetMint, tokenProgram),
                receiverMissing: false,
                blocks: part > 0n ? [...blocksOf(account, mint, vault), ...(held ? await approvalBlocks(held, holder) : [])] : [],
            };
        }),
    );
    const receivers = await readAccounts(legs.map((leg) => leg.receiver));
    for (const [i, leg] of legs.entries()) {
        const receiver = receivers[i] ?? null;
        // A part of zero needs no receiver, and shares arrive in the holder's registered account, which is opened when it is missing.
        if (leg.part === 0n || leg.held) continue;
        leg.receiverMissing = !exists(receiver);
        leg.blocks.push(...receiverBlocks(receiver, leg.mint, holder));
    }
    return { security, holder, shares, ticket, legs };
}
