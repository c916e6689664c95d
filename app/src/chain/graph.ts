/** The securities below a security, along vaults that hold shares. */
import type { Address } from '@solana/kit';
import { findSecurities } from './accounts';
import { readBacking } from './backing';
import type { Graph, Layer } from './look-through';
import { readMints } from './mints';

/** Most securities that are read for one look. */
const MOST_LAYERS = 48;

/** Reads a security and every security below it. */
export async function readGraph(root: Address): Promise<Graph> {
    const layers = new Map<Address, Layer>();
    let open: Address[] = [root];
    while (open.length > 0 && layers.size < MOST_LAYERS) {
        const found = (await findSecurities(open.slice(0, MOST_LAYERS - layers.size))).flatMap((security) => security ?? []);
        const mints = await readMints(found.map((security) => security.mint));
        const backings = await Promise.all(found.map((security) => readBacking(security.address)));
        found.forEach((security, i) => {
            layers.set(security.address, { security, liveSupply: mints[i]?.supply ?? 0n, assets: backings[i]! });
        });
        const below = backings.flat().flatMap(({ layer }) => (layer ? [layer.security.address] : []));
        open = [...new Set(below)].filter((address) => !layers.has(address));
    }
    return { root, layers, isWhole: open.length === 0 };
}
