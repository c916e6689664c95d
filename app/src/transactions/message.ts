/** From instructions to bytes: legacy transactions, which every wallet signs, paid by the wallet. The one place for it. */
import {
    appendTransactionMessageInstructions,
    compileTransaction,
    createTransactionMessage,
    getBase64EncodedWireTransaction,
    getTransactionEncoder,
    getU32Encoder,
    getU64Encoder,
    isWritableRole,
    setTransactionMessageFeePayer,
    setTransactionMessageLifetimeUsingBlockhash,
    type Address,
    type Blockhash,
    type Instruction,
} from '@solana/kit';
import { COMPUTE_BUDGET } from '../chain/addresses';
import { rpc } from '../chain/connection';

/** Most compute units of one transaction. */
export const MAX_UNITS = 1_400_000;
/** Most bytes of one transaction. */
export const MAX_BYTES = 1_232;
/** Most lamports of priority fee per transaction, whatever others pay. */
const MAX_PRIORITY_LAMPORTS = 100_000n;
/** Compute units beyond what the simulation took, percent. */
const MARGIN_PERCENT = 20;

export type Lifetime = { blockhash: Blockhash; lastValidBlockHeight: bigint };
export type Budget = { units: number; microLamports: bigint };

function budgetInstructions({ units, microLamports }: Budget): Instruction[] {
    const limit = { programAddress: COMPUTE_BUDGET, data: Uint8Array.of(2, ...getU32Encoder().encode(units)) };
    const price = { programAddress: COMPUTE_BUDGET, data: Uint8Array.of(3, ...getU64Encoder().encode(microLamports)) };
    return microLamports > 0n ? [limit, price] : [limit];
}

function compile(payer: Address, instructions: readonly Instruction[], budget: Budget, lifetime: Lifetime) {
    const empty = setTransactionMessageFeePayer(payer, createTransactionMessage({ version: 'legacy' }));
    const lasting = setTransactionMessageLifetimeUsingBlockhash(lifetime, empty);
    return compileTransaction(appendTransactionMessageInstructions([...budgetInstructions(budget), ...instructions], lasting));
}

/** The bytes of a transaction that nobody has signed. */
export const wireBytes = (payer: Address, instructions: readonly Instruction[], budget: Budget, lifetime: Lifetime): Uint8Array =>
    new Uint8Array(getTransactionEncoder().encode(compile(payer, instructions, budget, lifetime)));

/** The same in base64, as servers read it. */
export const wireText = (payer: Address, instructions: readonly Instruction[], budget: Budget, lifetime: Lifetime) =>
    getBase64EncodedWireTransaction(compile(payer, instructions, budget, lifetime));

/** How many bytes these instructions take as one transaction with a compute limit and a price. */
export function sizeOf(payer: Address, instructions: readonly Instruction[]): number {
    const lifetime = { blockhash: '11111111111111111111111111111111' as Blockhash, lastValidBlockHeight: 0n };
    return wireBytes(payer, instructions, { units: MAX_UNITS, microLamports: 1n }, lifetime).length;
}

/** Every account that the instructions may write, the payer first. */
export function writableOf(payer: Address, instructions: readonly Instruction[]): Address[] {
    const metas = instructions.flatMap((instruction) => instruction.accounts ?? []);
    return [...new Set([payer, ...metas.filter((meta) => isWritableRole(meta.role)).map((meta) => meta.address)])];
}

export async function latestLifetime(): Promise<Lifetime> {
    return (await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send()).value;
}

/** What to allow and to pay, from what the simulation took and what others who write the same accounts paid lately. */
export async function budgetFor(unitsTaken: bigint, writable: readonly Address[], isPublic: boolean): Promise<Budget> {
    const units = Math.min(MAX_UNITS, Math.ceil((Number(unitsTaken) * (100 + MARGIN_PERCENT)) / 100) + 1_000);
    if (!isPublic) return { units, microLamports: 0n };
    const recent = await rpc.getRecentPrioritizationFees(writable.slice(0, 128)).send();
    const paid = recent.map((fee) => fee.prioritizationFee).toSorted((a, b) => (a < b ? -1 : 1));
    const median = paid[Math.floor(paid.length / 2)] ?? 0n;
    const cap = (MAX_PRIORITY_LAMPORTS * 1_000_000n) / BigInt(units);
    return { units, microLamports: median < cap ? median : cap };
}
