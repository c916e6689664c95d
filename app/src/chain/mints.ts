/** Mints of both token programs: decimals, supply, metadata, and the extensions that matter to a holder. */
import {
    getAddressDecoder,
    getF64Decoder,
    getI16Decoder,
    getI64Decoder,
    getU16Decoder,
    getU32Decoder,
    getU64Decoder,
    type Address,
    type ReadonlyUint8Array,
} from '@solana/kit';
import { descriptionOf, NOBODY, TOKEN, TOKEN_2022 } from './addresses';
import { decodeDescription, OWN_TEXTS_AT, textsAt, type Metadata } from './description';
import { readAccounts, type RawAccount } from './reads';

export type Fee = { epoch: bigint; bps: number; maximum: bigint };
export type Mint = {
    address: Address;
    tokenProgram: Address;
    supply: bigint;
    decimals: number;
    mintAuthority: Address | null;
    freezeAuthority: Address | null;
    metadata: Metadata | null;
    /** What wallets show per stored unit: now, and from a time on. */
    scaled: { authority: Address | null; multiplier: number; later: number; laterFrom: bigint } | null;
    interest: { authority: Address | null; bps: number } | null;
    fee: { authority: Address | null; older: Fee; newer: Fee } | null;
    permanentDelegate: Address | null;
    closeAuthority: Address | null;
    pausable: { authority: Address | null; paused: boolean } | null;
    bornFrozen: boolean;
    hook: { authority: Address | null; program: Address | null } | null;
};

const key = getAddressDecoder();
const u16 = getU16Decoder();
const u32 = getU32Decoder();
const u64 = getU64Decoder();
const i64 = getI64Decoder();
const f64 = getF64Decoder();

const keyOrNobody = (data: ReadonlyUint8Array, at: number): Address | null => {
    const found = key.decode(data, at);
    return found === NOBODY ? null : found;
};
/** A key behind a four-byte flag. */
const optionalKey = (data: ReadonlyUint8Array, at: number) => (u32.decode(data, at) === 1 ? key.decode(data, at + 4) : null);

const MINT_BYTES = 82;
/** Extensions follow the longest base account and one byte that tells mints from accounts. */
const EXTENSIONS_AT = 166;
const MINT_TYPE = 1;

/** Extensions by their number in Token-2022. */
function* extensions(data: ReadonlyUint8Array): Generator<[number, ReadonlyUint8Array]> {
    let at = EXTENSIONS_AT;
    while (at + 4 <= data.length) {
        const type = u16.decode(data, at);
        const length = u16.decode(data, at + 2);
        if (type === 0) return;
        yield [type, data.slice(at + 4, at + 4 + length)];
        at += 4 + length;
    }
}

const feeAt = (data: ReadonlyUint8Array, at: number): Fee => ({
    epoch: u64.decode(data, at),
    maximum: u64.decode(data, at + 8),
    bps: u16.decode(data, at + 16),
});

function addExtension(mint: Mint, type: number, data: ReadonlyUint8Array): void {
    switch (type) {
        case 1:
            mint.fee = { authority: keyOrNobody(data, 0), older: feeAt(data, 72), newer: feeAt(data, 90) };
            break;
        case 3:
            mint.closeAuthority = keyOrNobody(data, 0);
            break;
        case 6:
            mint.bornFrozen = data[0] === 2;
            break;
        case 10:
            mint.interest = { authority: keyOrNobody(data, 0), bps: getI16Decoder().decode(data, 50) };
            break;
        case 12:
            mint.permanentDelegate = keyOrNobody(data, 0);
            break;
        case 14:
            mint.hook = { authority: keyOrNobody(data, 0), program: keyOrNobody(data, 32) };
            break;
        case 19:
            mint.metadata = textsAt(data, OWN_TEXTS_AT);
            break;
        case 25:
            mint.scaled = {
                authority: keyOrNobody(data, 0),
                multiplier: f64.decode(data, 32),
                laterFrom: i64.decode(data, 40),
                later: f64.decode(data, 48),
            };
            break;
        case 26:
            mint.pausable = { authority: keyOrNobody(data, 0), paused: data[32] === 1 };
            break;
    }
}

export const isTokenProgram = (owner: Address): boolean => owner === TOKEN || owner === TOKEN_2022;

/** Reads a mint; null if the account is none. */
export function decodeMint(account: RawAccount): Mint | null {
    const { data } = account;
    const long = data.length > MINT_BYTES;
    if (!isTokenProgram(account.owner) || data.length < MINT_BYTES || data[45] !== 1) return null;
    if (long && (account.owner === TOKEN || data[EXTENSIONS_AT - 1] !== MINT_TYPE)) return null;
    const mint: Mint = {
        address: account.address,
        tokenProgram: account.owner,
        mintAuthority: optionalKey(data, 0),
        supply: u64.decode(data, 36),
        decimals: data[44]!,
        freezeAuthority: optionalKey(data, 46),
        metadata: null,
        scaled: null,
        interest: null,
        fee: null,
        permanentDelegate: null,
        closeAuthority: null,
        pausable: null,
        bornFrozen: false,
        hook: null,
    };
    for (const [type, bytes] of extensions(data)) addExtension(mint, type, bytes);
    return mint;
}

/** Mints by address, in order; null where none is. One that does not describe itself is described by Token Metadata, if at all. */
export async function readMints(addresses: readonly Address[]): Promise<(Mint | null)[]> {
    const descriptions = await Promise.all(addresses.map(descriptionOf));
    const found = await readAccounts([...addresses, ...descriptions]);
    return addresses.map((address, i) => {
        const [account, apart] = [found[i], found[addresses.length + i]];
        const mint = account ? decodeMint(account) : null;
        return mint && !mint.metadata && apart ? { ...mint, metadata: decodeDescription(apart, address) } : mint;
    });
}

export async function readMint(address: Address): Promise<Mint> {
    const mint = (await readMints([address]))[0];
    if (!mint) throw new Error(`${address} is not a mint of SPL Token or Token-2022 on this network.`);
    return mint;
}

/** What a transfer of `atoms` withholds in an epoch: rounded up, at most the maximum. */
export function feeOf(mint: Mint, atoms: bigint, epoch: bigint): bigint {
    if (!mint.fee) return 0n;
    const fee = epoch >= mint.fee.newer.epoch ? mint.fee.newer : mint.fee.older;
    const raw = (atoms * BigInt(fee.bps) + 9_999n) / 10_000n;
    return raw < fee.maximum ? raw : fee.maximum;
}

/** What wallets show per stored unit at a time. */
export function multiplierAt(mint: Mint, now: bigint): number {
    if (!mint.scaled) return 1;
    return now >= mint.scaled.laterFrom ? mint.scaled.later : mint.scaled.multiplier;
}
