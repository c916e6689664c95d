/** One step up and one step down from a security, along vaults that hold shares. */
import type { Address } from '@solana/kit';
import { formatAmount } from '../amounts';
import { shortAddress } from '../display';
import { findPosition, findSecurities, vaultsOfAsset, type At, type Security } from './accounts';
import { readBacking } from './backing';
import { nameMint, readNames } from './names';

export type LayerNode = { mint: Address; label: string; detail: string; isSecurity: boolean };

async function above(security: At<Security>): Promise<LayerNode[]> {
    const vaults = await vaultsOfAsset(security.mint);
    const holders = await findSecurities(vaults.map((vault) => vault.security));
    const names = await readNames(holders.flatMap((holder) => (holder ? [holder.mint] : [])));
    const nodes = await Promise.all(
        vaults.map(async (vault, i) => {
            const holder = holders[i];
            if (!holder) return [];
            const shares = (await findPosition(security.address, vault.address))?.sharesAtoms ?? 0n;
            const label = names.get(holder.mint)?.symbol ?? shortAddress(holder.mint);
            return [{ mint: holder.mint, label, detail: `holds ${formatAmount(shares, security.decimals)}`, isSecurity: true }];
        }),
    );
    return nodes.flat();
}

async function below(security: At<Security>): Promise<LayerNode[]> {
    const assets = await readBacking(security.address);
    // What can be walked to comes first.
    const ordered = assets.toSorted((a, b) => Number(a.layer === null) - Number(b.layer === null));
    return ordered.map(({ vault, mint, balance, layer }) => ({
        mint: vault.assetMint,
        label: mint ? nameMint(mint).symbol : shortAddress(vault.assetMint),
        detail: formatAmount(balance, vault.decimals),
        isSecurity: layer !== null,
    }));
}

export async function readLayers(security: At<Security>): Promise<{ above: LayerNode[]; below: LayerNode[] }> {
    const [up, down] = await Promise.all([above(security), below(security)]);
    return { above: up, below: down };
}
