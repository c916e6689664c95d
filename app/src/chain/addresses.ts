/** Every address the protocol derives, and the few fixed ones. */
import { address, getAddressEncoder, getProgramDerivedAddress, type Address } from '@solana/kit';
import { UPSIDE_PROGRAM_ADDRESS } from '../generated/programs';

export { UPSIDE_PROGRAM_ADDRESS };
export const TOKEN = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
export const TOKEN_2022 = address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb');
export const ASSOCIATED_TOKEN = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
export const SYSTEM = address('11111111111111111111111111111111');
export const MEMO = address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
export const COMPUTE_BUDGET = address('ComputeBudget111111111111111111111111111111');
export const CLOCK_SYSVAR = address('SysvarC1ock11111111111111111111111111111111');
/** Token Metadata: it describes mints that cannot describe themselves. */
export const TOKEN_METADATA = address('metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s');
export const UPGRADEABLE_LOADER = address('BPFLoaderUpgradeab1e11111111111111111111111');
/** What the program stores where no key is named. */
export const NOBODY = SYSTEM;

const bytesOf = getAddressEncoder();
type Seed = string | Uint8Array | Address;

/** Addresses are derived again and again while pages render; each derivation costs a hash per bump. */
const derived = new Map<string, Promise<Address>>();

function derive(program: Address, name: string, seeds: readonly Seed[]): Promise<Address> {
    const key = `${program}/${name}/${seeds.map((seed) => seed.toString()).join('/')}`;
    let found = derived.get(key);
    if (!found) {
        const raw = seeds.map((seed) => (typeof seed === 'string' ? bytesOf.encode(seed as Address) : seed));
        const all = name === '' ? raw : [new TextEncoder().encode(name), ...raw];
        found = getProgramDerivedAddress({ programAddress: program, seeds: all }).then(([at]) => at);
        derived.set(key, found);
    }
    return found;
}

const own = (name: string, ...seeds: Seed[]) => derive(UPSIDE_PROGRAM_ADDRESS, name, seeds);

function littleEndian(value: bigint, bytes: 2 | 8): Uint8Array {
    const data = new Uint8Array(bytes);
    for (let i = 0; i < bytes; i += 1) data[i] = Number((value >> BigInt(8 * i)) & 0xffn);
    return data;
}

export const eventAuthority = () => own('__event_authority');
export const mintOf = (issuer: Address, kind: number, index: number) =>
    own('mint', issuer, Uint8Array.of(kind), littleEndian(BigInt(index), 2));
export const securityOf = (mint: Address) => own('security', mint);
export const payoutVaultOf = (security: Address) => own('payout', security);
export const positionOf = (security: Address, holder: Address) => own('position', security, holder);
export const registeredOf = (position: Address) => own('registered', position);
export const vaultOf = (security: Address, asset: Address) => own('vault', security, asset);
export const redemptionOf = (security: Address, holder: Address, id: bigint) =>
    own('redemption', security, holder, littleEndian(id, 8));
export const grantOf = (security: Address, recipient: Address, id: bigint) =>
    own('grant', security, recipient, littleEndian(id, 8));
export const roundOf = (security: Address, id: bigint) => own('round', security, littleEndian(id, 8));
export const subscriptionOf = (round: Address, investor: Address) => own('subscription', round, investor);
export const collectiveOf = (security: Address) => own('collective', security);
export const memberOf = (collective: Address, memberSecurity: Address) => own('member', collective, memberSecurity);
export const approvalOf = (security: Address, holder: Address) => own('approval', security, holder);
/** Where Token Metadata describes `mint`. */
export const descriptionOf = (mint: Address) => derive(TOKEN_METADATA, 'metadata', [TOKEN_METADATA, mint]);
/** The associated token account of `owner` for `mint`. */
export const ataOf = (owner: Address, mint: Address, tokenProgram: Address) =>
    derive(ASSOCIATED_TOKEN, '', [owner, tokenProgram, mint]);
export const programDataOf = (program: Address) => derive(UPGRADEABLE_LOADER, '', [program]);
