/** Names of mints for people: what their metadata says, as a stranger's text. */
import type { Address } from '@solana/kit';
import { shortAddress, visible } from '../display';
import { readMints, type Mint } from './mints';

export type Named = { mint: Mint; name: string; symbol: string };

/** Money whose mint does not carry its symbol: USDC on mainnet and on devnet. Nobody can take these addresses. */
const WITHOUT_METADATA: Readonly<Record<string, string>> = {
    EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v: 'USDC',
    '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU': 'USDC',
};

export function nameMint(mint: Mint): Named {
    const without = WITHOUT_METADATA[mint.address] ?? shortAddress(mint.address);
    return {
        mint,
        name: mint.metadata ? visible(mint.metadata.name) : without,
        symbol: mint.metadata ? visible(mint.metadata.symbol, 16) : without,
    };
}

/** Names by mint; mints that cannot be read are missing. */
export async function readNames(mints: readonly Address[]): Promise<ReadonlyMap<Address, Named>> {
    const unique = [...new Set(mints)];
    const found = await readMints(unique);
    return new Map(found.flatMap((mint) => (mint ? [[mint.address, nameMint(mint)] as const] : [])));
}

export const symbolIn = (names: ReadonlyMap<Address, Named> | undefined, mint: Address): string =>
    names?.get(mint)?.symbol ?? shortAddress(mint);
