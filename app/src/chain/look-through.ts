/**
 * What a share stands for through all layers, if every layer were redeemed hop by hop: an amount of each asset that is no security itself.
 * Every hop is rounded down, so it is at least what is shown; with cycles the hops go on until less than the smallest fraction is left.
 */
import type { Address } from '@solana/kit';
import * as math from '../math';
import type { At, Security } from './accounts';
import type { Asset } from './backing';

/** A security with what its vaults hold. */
export type Layer = { security: At<Security>; liveSupply: bigint; assets: Asset[] };
export type Graph = { root: Address; layers: ReadonlyMap<Address, Layer>; isWhole: boolean };
export type Holding = { mint: Address; decimals: number; atoms: bigint; asset: Asset };

const MOST_HOPS = 512;
/** Fractional bits that are carried from hop to hop. */
const FRACTION = 64n;

function denominatorOf({ security, liveSupply }: Layer, asset: Asset): bigint {
    return math.denominator(
        liveSupply,
        security.authorisedAtoms,
        security.issuedAtoms,
        security.redeemedTotalAtoms,
        asset.vault.collectedTotalAtoms,
    );
}

/** What `shares` share atoms of the root stand for. */
export function lookThrough({ root, layers }: Graph, shares: bigint): Holding[] {
    const found = new Map<Address, { asset: Asset; x64: bigint }>();
    let waiting = new Map<Address, bigint>([[root, shares << FRACTION]]);
    for (let hop = 0; hop < MOST_HOPS && waiting.size > 0; hop += 1) {
        const next = new Map<Address, bigint>();
        for (const [address, x64] of waiting) {
            const layer = layers.get(address);
            if (!layer) continue;
            for (const asset of layer.assets) {
                const all = denominatorOf(layer, asset);
                const part = all === 0n ? 0n : (x64 * asset.balance) / all;
                if (part === 0n) continue;
                if (asset.layer) {
                    const below = asset.layer.security.address;
                    next.set(below, (next.get(below) ?? 0n) + part);
                } else {
                    const before = found.get(asset.vault.assetMint);
                    found.set(asset.vault.assetMint, { asset, x64: (before?.x64 ?? 0n) + part });
                }
            }
        }
        waiting = next;
    }
    return [...found].map(([mint, { asset, x64 }]) => ({ mint, decimals: asset.vault.decimals, atoms: x64 >> FRACTION, asset }));
}
