/** The fixed keys of one security: enough to build any instruction about it. */
import { createNoopSigner, type Address, type TransactionSigner } from '@solana/kit';
import { ataOf, eventAuthority, positionOf, registeredOf, TOKEN, TOKEN_2022, UPSIDE_PROGRAM_ADDRESS } from '../../chain/addresses';
import type { At, Security } from '../../chain/accounts';

export const payoutProgramOf = (security: Security): Address => (security.payoutIsToken2022 === 1 ? TOKEN_2022 : TOKEN);

/** The wallet as the instruction builders want it: it signs later, in the wallet. */
export const signerOf = (wallet: Address): TransactionSigner => createNoopSigner(wallet);

export type HolderKeys = { position: Address; registered: Address };

export async function holderKeys(security: Address, holder: Address): Promise<HolderKeys> {
    const position = await positionOf(security, holder);
    return { position, registered: await registeredOf(position) };
}

/** Accounts that every instruction ends with. */
export const tail = async () => ({ eventAuthority: await eventAuthority(), program: UPSIDE_PROGRAM_ADDRESS });

/** Accounts of a security that many instructions name. */
export const securityAccounts = (security: At<Security>) => ({ security: security.address, mint: security.mint });

export const payoutAccountOf = (security: Security, owner: Address) =>
    ataOf(owner, security.payoutMint, payoutProgramOf(security));
export const bearerAccountOf = (security: Security, owner: Address) => ataOf(owner, security.mint, TOKEN_2022);
