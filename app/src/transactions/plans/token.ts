/** Instructions of the token programs that go with the protocol's own. */
import { AccountRole, type Address, type Instruction } from '@solana/kit';
import { ASSOCIATED_TOKEN, ataOf, SYSTEM } from '../../chain/addresses';

/** Creates the associated token account of `owner` for `mint` unless it exists. */
export async function createAta(payer: Address, owner: Address, mint: Address, tokenProgram: Address): Promise<Instruction> {
    return {
        programAddress: ASSOCIATED_TOKEN,
        accounts: [
            { address: payer, role: AccountRole.WRITABLE_SIGNER },
            { address: await ataOf(owner, mint, tokenProgram), role: AccountRole.WRITABLE },
            { address: owner, role: AccountRole.READONLY },
            { address: mint, role: AccountRole.READONLY },
            { address: SYSTEM, role: AccountRole.READONLY },
            { address: tokenProgram, role: AccountRole.READONLY },
        ],
        data: Uint8Array.of(1),
    };
}
