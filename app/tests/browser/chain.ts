/** What the chain says, read beside the page: what the page shows and does is compared with it. */
import { address, getAddressEncoder, getProgramDerivedAddress, type Address } from '@solana/kit';
import type { Localnet } from './localnet';

const PROGRAM = address('8o4pxvgqdvVmKLdNQR8AK5FdfdMd9JAbfEvKATnTDAmC');
const ASSOCIATED = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
const bytes = (key: Address) => getAddressEncoder().encode(key);

async function derive(program: Address, ...seeds: (string | Address | Uint8Array)[]): Promise<Address> {
    const raw = seeds.map((seed) => (typeof seed === 'string' && seed.length > 31 ? bytes(seed as Address) : seed)) as (string | Uint8Array)[];
    return (await getProgramDerivedAddress({ programAddress: program, seeds: raw }))[0];
}

export const mintOf = (issuer: Address, kind: number, index: number) => derive(PROGRAM, 'mint', issuer, Uint8Array.of(kind), Uint8Array.of(index, 0));
export const securityOf = (mint: Address) => derive(PROGRAM, 'security', mint);

/** Atoms in a token account; 0 if it does not exist. */
async function amountAt(net: Localnet, account: Address): Promise<bigint> {
    const { value } = await net.client.getAccountInfo(account, { encoding: 'base64', commitment: 'confirmed' }).send();
    return value ? Buffer.from(value.data[0], 'base64').readBigUInt64LE(64) : 0n;
}

export const balanceOf = async (net: Localnet, owner: Address, mint: string, tokenProgram: string) =>
    amountAt(net, await derive(ASSOCIATED, owner, address(tokenProgram), address(mint)));

/** Registered share atoms of a holder. */
export async function registeredOf(net: Localnet, mint: Address, holder: Address): Promise<bigint> {
    const position = await derive(PROGRAM, 'position', await securityOf(mint), holder);
    return amountAt(net, await derive(PROGRAM, 'registered', position));
}
