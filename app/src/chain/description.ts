/** What mints say of themselves: name, symbol and URI, in their own account or in one of Token Metadata. */
import { getAddressDecoder, getU32Decoder, getUtf8Decoder, type Address, type ReadonlyUint8Array } from '@solana/kit';
import { TOKEN_METADATA } from './addresses';
import type { RawAccount } from './reads';

export type Metadata = { name: string; symbol: string; uri: string };

const key = getAddressDecoder();
const u32 = getU32Decoder();

/** Where the texts begin, behind two keys in Token-2022 and one byte more in Token Metadata. */
export const OWN_TEXTS_AT = 64;
const APART_TEXTS_AT = 65;

/** Name, symbol and URI, each behind its length. */
export function textsAt(data: ReadonlyUint8Array, start: number): Metadata {
    const utf8 = getUtf8Decoder();
    let at = start;
    const text = () => {
        const length = u32.decode(data, at);
        if (at + 4 + length > data.length) throw new RangeError('a text is longer than its account');
        const value = utf8.decode(data.slice(at + 4, at + 4 + length));
        at += 4 + length;
        return value;
    };
    return { name: text(), symbol: text(), uri: text() };
}

/** The first byte of an account of Token Metadata that describes a mint. */
const DESCRIPTION = 4;

/** What an account of Token Metadata says about `mint`; null if it says nothing about it. Its texts are padded with zeros. */
export function decodeDescription(account: RawAccount, mint: Address): Metadata | null {
    const { data } = account;
    const isAbout = account.owner === TOKEN_METADATA && data.length > APART_TEXTS_AT && data[0] === DESCRIPTION && key.decode(data, 33) === mint;
    if (!isAbout) return null;
    try {
        const { name, symbol, uri } = textsAt(data, APART_TEXTS_AT);
        const [cutName, cutSymbol, cutUri] = [name, symbol, uri].map((text) => text.replace(/\0+$/, '')) as [string, string, string];
        return { name: cutName, symbol: cutSymbol, uri: cutUri };
    } catch {
        return null;
    }
}
