/** Backing: opening vaults and depositing. */
import type { Address } from '@solana/kit';
import { ataOf, vaultOf } from '../../chain/addresses';
import type { At, Security } from '../../chain/accounts';
import type { Mint } from '../../chain/mints';
import { getDepositEquityInstruction, getOpenVaultInstruction } from '../../generated/instructions';
import type { Plan } from '../plan';
import { payoutProgramOf, signerOf, tail } from './keys';

async function vaultAccounts(security: Address, asset: Mint) {
    const vault = await vaultOf(security, asset.address);
    return {
        vault,
        vaultAccount: await ataOf(vault, asset.address, asset.tokenProgram),
        assetMint: asset.address,
        assetTokenProgram: asset.tokenProgram,
    };
}

/** What opening a vault for shares names beside: the security, and a vault for its money where that is another. */
async function heldAccounts(security: At<Security>, held: At<Security>) {
    if (held.payoutMint === security.payoutMint) return { heldSecurity: held.address };
    const program = payoutProgramOf(held);
    const harvestVault = await vaultOf(security.address, held.payoutMint);
    return {
        heldSecurity: held.address,
        heldPayoutMint: held.payoutMint,
        heldPayoutTokenProgram: program,
        harvestVault,
        harvestVaultAccount: await ataOf(harvestVault, held.payoutMint, program),
    };
}

export async function openVaultPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    asset: Mint,
    assetSymbol: string,
    held: At<Security> | null,
): Promise<Plan> {
    const signer = signerOf(wallet);
    const instruction = getOpenVaultInstruction({
        ...(held ? await heldAccounts(security, held) : {}),
        payer: signer,
        issuer: signer,
        security: security.address,
        ...(await vaultAccounts(security.address, asset)),
        ...(await tail()),
    });
    return {
        title: `Open a vault for ${assetSymbol}`,
        notes: ['Anybody can deposit into it from then on. It can never be closed.'],
        irreversible: [`${symbol} will have one of its 256 vaults for ${asset.address}.`],
        steps: [{ title: 'Open the vault', instructions: [instruction] }],
        mints: [asset.address],
    };
}

export async function depositPlan(
    wallet: Address,
    security: At<Security>,
    symbol: string,
    asset: Mint,
    assetSymbol: string,
    amount: bigint,
): Promise<Plan> {
    const instruction = getDepositEquityInstruction({
        depositor: signerOf(wallet),
        security: security.address,
        source: await ataOf(wallet, asset.address, asset.tokenProgram),
        ...(await vaultAccounts(security.address, asset)),
        ...(await tail()),
        amount,
    });
    return {
        title: `Deposit ${assetSymbol} into ${symbol}`,
        notes: ['It becomes backing of everybody\u2019s shares.'],
        irreversible: ['Nobody can take it back, you and the issuer included: it leaves only to holders who redeem.'],
        steps: [{ title: 'Deposit', instructions: [instruction] }],
        mints: [asset.address],
    };
}
