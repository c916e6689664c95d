/** Reads of raw accounts, at commitment `confirmed`. */
import {
    getBase58Decoder,
    getBase64Encoder,
    type Address,
    type Base58EncodedBytes,
    type ReadonlyUint8Array,
} from '@solana/kit';
import { SYSTEM } from './addresses';
import { rpc } from './connection';

export type RawAccount = { address: Address; owner: Address; lamports: bigint; data: ReadonlyUint8Array; executable: boolean };

const base64 = getBase64Encoder();
const base58 = getBase58Decoder();
const AT_ONCE = 100;

type Answer = Readonly<{ data: readonly [string, string]; owner: Address; lamports: bigint; executable: boolean }>;

const rawOf = (address: Address, answer: Answer): RawAccount => ({
    address,
    owner: answer.owner,
    lamports: answer.lamports,
    executable: answer.executable,
    data: base64.encode(answer.data[0]),
});

/** Accounts by address, in order; null where nothing is. An address that somebody only sent lamports to has no data and is not null. */
export async function readAccounts(addresses: readonly Address[]): Promise<(RawAccount | null)[]> {
    const chunks: Address[][] = [];
    for (let at = 0; at < addresses.length; at += AT_ONCE) chunks.push(addresses.slice(at, at + AT_ONCE));
    const answers = await Promise.all(
        chunks.map((chunk) => rpc.getMultipleAccounts(chunk, { encoding: 'base64', commitment: 'confirmed' }).send()),
    );
    const values = answers.flatMap((answer) => answer.value);
    return values.map((value, i) => (value ? rawOf(addresses[i]!, value as Answer) : null));
}

export const readAccount = async (address: Address): Promise<RawAccount | null> => (await readAccounts([address]))[0] ?? null;

/** Whether an account is more than lamports that somebody sent to an address. */
export const exists = (account: RawAccount | null): account is RawAccount => account !== null && account.owner !== SYSTEM;

export type Match = { offset: number; bytes: ReadonlyUint8Array };

/** All accounts of a program with these bytes at these places. */
export async function readProgramAccounts(program: Address, size: number | null, matches: readonly Match[]): Promise<RawAccount[]> {
    const filters = matches.map(({ offset, bytes }) => ({
        memcmp: { offset: BigInt(offset), bytes: base58.decode(bytes) as Base58EncodedBytes, encoding: 'base58' as const },
    }));
    const answer = await rpc
        .getProgramAccounts(program, {
            encoding: 'base64',
            commitment: 'confirmed',
            filters: size === null ? filters : [{ dataSize: BigInt(size) }, ...filters],
        })
        .send();
    return answer.map(({ pubkey, account }) => rawOf(pubkey, account as unknown as Answer));
}

/** All accounts of one token program that a wallet owns. */
export async function readTokenAccountsByOwner(owner: Address, tokenProgram: Address): Promise<RawAccount[]> {
    const answer = await rpc
        .getTokenAccountsByOwner(owner, { programId: tokenProgram }, { encoding: 'base64', commitment: 'confirmed' })
        .send();
    return answer.value.map(({ pubkey, account }) => rawOf(pubkey, account as unknown as Answer));
}
