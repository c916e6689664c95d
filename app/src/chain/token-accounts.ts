/** Token accounts of both token programs. */
import { getAddressDecoder, getU64Decoder, type Address } from '@solana/kit';
import { TOKEN, TOKEN_2022 } from './addresses';
import { isTokenProgram } from './mints';
import { readAccounts, readTokenAccountsByOwner, type RawAccount } from './reads';

export type TokenAccount = {
    address: Address;
    tokenProgram: Address;
    mint: Address;
    owner: Address;
    amount: bigint;
    frozen: boolean;
};

const key = getAddressDecoder();
const ACCOUNT_BYTES = 165;
const ACCOUNT_TYPE = 2;

/** Reads a token account; null if the account is none. */
export function decodeTokenAccount(account: RawAccount): TokenAccount | null {
    const { data } = account;
    if (!isTokenProgram(account.owner) || data.length < ACCOUNT_BYTES) return null;
    if (data.length > ACCOUNT_BYTES && data[ACCOUNT_BYTES] !== ACCOUNT_TYPE) return null;
    return {
        address: account.address,
        tokenProgram: account.owner,
        mint: key.decode(data, 0),
        owner: key.decode(data, 32),
        amount: getU64Decoder().decode(data, 64),
        frozen: data[108] === 2,
    };
}

export async function readTokenAccounts(addresses: readonly Address[]): Promise<(TokenAccount | null)[]> {
    return (await readAccounts(addresses)).map((account) => (account ? decodeTokenAccount(account) : null));
}

/** Every token account of a wallet, in both token programs. */
export async function tokenAccountsOf(owner: Address): Promise<TokenAccount[]> {
    const found = await Promise.all([TOKEN, TOKEN_2022].map((program) => readTokenAccountsByOwner(owner, program)));
    return found.flat().flatMap((account) => decodeTokenAccount(account) ?? []);
}
