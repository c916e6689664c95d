/** Vaults that hold shares of other securities: deposits, harvests, and shares that were sent to a vault as bearer ones. */
import type { Address } from '@solana/kit';
import { ataOf, TOKEN_2022, vaultOf } from '../../chain/addresses';
import type { At, Security } from '../../chain/accounts';
import {
    getDepositSharesInstruction,
    getHarvestInstruction,
    getRegisterVaultBearerInstruction,
} from '../../generated/instructions';
import type { Plan } from '../plan';
import { holderKeys, payoutProgramOf, signerOf, tail } from './keys';

/** The security that holds, and the one whose shares it holds, with their symbols. */
export type Layered = { security: At<Security>; symbol: string; held: At<Security>; heldSymbol: string };

/** Accounts of the vault's own position in the security whose shares it holds. */
async function vaultKeys({ security, held }: Layered) {
    const vault = await vaultOf(security.address, held.mint);
    const { position, registered } = await holderKeys(held.address, vault);
    return { vault, vaultPosition: position, vaultRegistered: registered };
}

export async function depositSharesPlan(wallet: Address, layered: Layered, amount: bigint): Promise<Plan> {
    const { security, symbol, held, heldSymbol } = layered;
    const signer = signerOf(wallet);
    const instruction = getDepositSharesInstruction({
        payer: signer,
        holder: signer,
        security: security.address,
        heldSecurity: held.address,
        heldMint: held.mint,
        ...(await vaultKeys(layered)),
        ...(await holderKeys(held.address, wallet)),
        ...(await tail()),
        amount,
    });
    return {
        title: `Deposit ${heldSymbol} into ${symbol}`,
        notes: [
            `The shares stay registered, held by the vault: what they earn from now on flows up to the holders of ${symbol}.`,
            'What they have earned until now stays with you.',
        ],
        irreversible: ['Nobody can take them back, you and the issuer included: they leave only to holders who redeem.'],
        steps: [{ title: 'Deposit', instructions: [instruction] }],
    };
}

export async function harvestInstruction(layered: Layered) {
    const { security, held } = layered;
    const { vault, vaultPosition } = await vaultKeys(layered);
    const tokenProgram = payoutProgramOf(held);
    const isSameMoney = held.payoutMint === security.payoutMint;
    const money = await vaultOf(security.address, held.payoutMint);
    return getHarvestInstruction({
        security: security.address,
        vault,
        heldSecurity: held.address,
        vaultPosition,
        payoutVault: held.payoutVault,
        destination: isSameMoney ? security.payoutVault : await ataOf(money, held.payoutMint, tokenProgram),
        ...(isSameMoney ? {} : { harvestVault: money }),
        payoutMint: held.payoutMint,
        payoutTokenProgram: tokenProgram,
        ...(await tail()),
    });
}

export async function harvestPlan(layered: Layered): Promise<Plan> {
    const { symbol, held, heldSymbol, security } = layered;
    return {
        title: `Harvest ${heldSymbol} for ${symbol}`,
        notes: [
            held.payoutMint === security.payoutMint
                ? `What the vault\u2019s ${heldSymbol} have earned drips to the holders of ${symbol}.`
                : `What the vault\u2019s ${heldSymbol} have earned enters the vault of that money.`,
            'Anybody may do this.',
        ],
        steps: [{ title: 'Harvest', instructions: [await harvestInstruction(layered)] }],
        mints: [held.payoutMint],
    };
}

export async function registerVaultBearerPlan(wallet: Address, layered: Layered): Promise<Plan> {
    const { security, symbol, held, heldSymbol } = layered;
    const keys = await vaultKeys(layered);
    const instruction = getRegisterVaultBearerInstruction({
        payer: signerOf(wallet),
        security: security.address,
        heldSecurity: held.address,
        heldMint: held.mint,
        ...keys,
        bearerAccount: await ataOf(keys.vault, held.mint, TOKEN_2022),
        ...(await tail()),
    });
    return {
        title: `Register ${heldSymbol} that lie in a vault of ${symbol}`,
        notes: ['Somebody sent them there as bearer shares: from now on they earn and count as backing. Anybody may do this.'],
        steps: [{ title: 'Register', instructions: [instruction] }],
    };
}
