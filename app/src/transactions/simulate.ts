/** What a transaction would do, as the network itself says: balances before and after, and what it costs. */
import { getBase64Encoder, type Address, type Instruction } from '@solana/kit';
import { SYSTEM } from '../chain/addresses';
import { rpc } from '../chain/connection';
import { decodeMint, readMints, type Mint } from '../chain/mints';
import { exists, readAccounts, type RawAccount } from '../chain/reads';
import { decodeTokenAccount } from '../chain/token-accounts';
import { ofTransactionError } from './failure';
import type { Failure } from './trouble';
import { MAX_UNITS, wireText, writableOf, type Lifetime } from './message';

/** A balance that changes. */
export type Effect = { account: Address; owner: Address; mint: Mint; before: bigint; after: bigint; opened: boolean };
export type Simulation =
    | { ok: true; units: bigint; effects: Effect[]; lamports: { before: bigint; after: bigint }; mints: Mint[] }
    | { ok: false; failure: Failure; logs: readonly string[] };

/** Most accounts that servers return from a simulation. */
const MOST_ACCOUNTS = 64;

type Answer = { data: readonly [string, string]; owner: Address; lamports: bigint; executable: boolean } | null;

function rawOf(address: Address, answer: Answer): RawAccount | null {
    if (answer === null || (answer.owner === SYSTEM && answer.lamports === 0n)) return null;
    return { ...answer, address, data: getBase64Encoder().encode(answer.data[0]) };
}

async function effectsOf(before: readonly (RawAccount | null)[], after: readonly (RawAccount | null)[]): Promise<Effect[]> {
    const changes = before.flatMap((old, i) => {
        const fresh = after[i] ?? null;
        const [was, is] = [old && decodeTokenAccount(old), fresh && decodeTokenAccount(fresh)];
        const either = is ?? was;
        if (!either || (was?.amount ?? 0n) === (is?.amount ?? 0n)) return [];
        const { address: account, owner, mint } = either;
        return [{ account, owner, mint, before: was?.amount ?? 0n, after: is?.amount ?? 0n, opened: was === null }];
    });
    // A mint that the transaction itself creates is read from the simulation.
    const simulated = new Map(after.flatMap((account) => (account ? [[account.address, decodeMint(account)] as const] : [])));
    const mints = await readMints(changes.map((change) => change.mint));
    return changes.flatMap((change, i) => {
        const mint = mints[i] ?? simulated.get(change.mint);
        return mint ? [{ ...change, mint }] : [];
    });
}

/** Runs the transaction without sending it. */
export async function simulate(
    payer: Address,
    instructions: readonly Instruction[],
    lifetime: Lifetime,
    extraMints: readonly Address[],
): Promise<Simulation> {
    const writable = writableOf(payer, instructions).slice(0, MOST_ACCOUNTS);
    const before = await readAccounts(writable);
    const answer = await rpc
        .simulateTransaction(wireText(payer, instructions, { units: MAX_UNITS, microLamports: 0n }, lifetime), {
            encoding: 'base64',
            commitment: 'confirmed',
            sigVerify: false,
            replaceRecentBlockhash: true,
            accounts: { encoding: 'base64', addresses: writable },
        })
        .send();
    const { err, logs, unitsConsumed, accounts } = answer.value;
    if (err !== null) return { ok: false, failure: ofTransactionError(err), logs: logs ?? [] };
    const after = (accounts as readonly Answer[]).map((account, i) => rawOf(writable[i]!, account));
    const effects = await effectsOf(before.map((account) => (exists(account) ? account : null)), after);
    const known = new Map(effects.map(({ mint }) => [mint.address, mint]));
    const more = await readMints(extraMints.filter((mint) => !known.has(mint)));
    return {
        ok: true,
        units: unitsConsumed ?? BigInt(MAX_UNITS),
        effects,
        lamports: { before: before[0]?.lamports ?? 0n, after: after[0]?.lamports ?? 0n },
        mints: [...known.values(), ...more.flatMap((mint) => mint ?? [])],
    };
}
