/** What backs a security: its vaults with their balances and mints. */
import type { Address } from '@solana/kit';
import { findPosition, securityOfMint, vaultsOfSecurity, type At, type Position, type Security, type Vault } from './accounts';
import { readMints, type Mint } from './mints';
import { readTokenAccounts } from './token-accounts';

export type Asset = {
    vault: At<Vault>;
    mint: Mint | null;
    /** Atoms that the vault holds: for shares of a security those of its position. */
    balance: bigint;
    frozen: boolean;
    /** The security that the asset is a share of, with the vault's position in it. */
    layer: { security: At<Security>; position: At<Position> | null } | null;
};

async function layerOf(vault: At<Vault>): Promise<Asset['layer']> {
    if (vault.holdsShares !== 1) return null;
    const security = await securityOfMint(vault.assetMint);
    return { security, position: await findPosition(security.address, vault.address) };
}

export async function readBacking(security: Address): Promise<Asset[]> {
    const vaults = await vaultsOfSecurity(security);
    const [accounts, mints] = await Promise.all([
        readTokenAccounts(vaults.map((vault) => vault.tokenAccount)),
        readMints(vaults.map((vault) => vault.assetMint)),
    ]);
    return Promise.all(
        vaults.map(async (vault, i) => {
            const token = accounts[i] ?? null;
            const layer = await layerOf(vault);
            return {
                vault,
                mint: mints[i] ?? null,
                balance: layer ? (layer.position?.sharesAtoms ?? 0n) : (token?.amount ?? 0n),
                frozen: token?.frozen ?? false,
                layer,
            };
        }),
    );
}
