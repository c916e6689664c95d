/** Typed reads of the program's accounts. Every read checks owner, type and length. */
import { getAddressEncoder, type Address, type FixedSizeDecoder, type ReadonlyUint8Array } from '@solana/kit';
import {
    APPROVAL_DISCRIMINATOR,
    COLLECTIVE_DISCRIMINATOR,
    getApprovalDecoder,
    getCollectiveDecoder,
    getGrantDecoder,
    getMemberDecoder,
    getPositionDecoder,
    getRedemptionDecoder,
    getRoundDecoder,
    getSecurityDecoder,
    getSubscriptionDecoder,
    getVaultDecoder,
    GRANT_DISCRIMINATOR,
    MEMBER_DISCRIMINATOR,
    POSITION_DISCRIMINATOR,
    REDEMPTION_DISCRIMINATOR,
    ROUND_DISCRIMINATOR,
    SECURITY_DISCRIMINATOR,
    SUBSCRIPTION_DISCRIMINATOR,
    VAULT_DISCRIMINATOR,
    type Approval,
    type Collective,
    type Grant,
    type Member,
    type Position,
    type Redemption,
    type Round,
    type Security,
    type Subscription,
    type Vault,
} from '../generated/accounts';
import type { X64 } from '../generated/types';
import { approvalOf, collectiveOf, positionOf, redemptionOf, securityOf, UPSIDE_PROGRAM_ADDRESS } from './addresses';
import { exists, readAccount, readAccounts, readProgramAccounts, type RawAccount } from './reads';

export type { Approval, Collective, Grant, Member, Position, Redemption, Round, Security, Subscription, Vault };
/** An account with its address. */
export type At<T> = T & { address: Address };

type Layout<T> = { name: string; discriminator: ReadonlyUint8Array; decoder: FixedSizeDecoder<T> };
const SECURITY: Layout<Security> = { name: 'security', discriminator: SECURITY_DISCRIMINATOR, decoder: getSecurityDecoder() };
const POSITION: Layout<Position> = { name: 'position', discriminator: POSITION_DISCRIMINATOR, decoder: getPositionDecoder() };
const VAULT: Layout<Vault> = { name: 'vault', discriminator: VAULT_DISCRIMINATOR, decoder: getVaultDecoder() };
const REDEMPTION: Layout<Redemption> = {
    name: 'redemption',
    discriminator: REDEMPTION_DISCRIMINATOR,
    decoder: getRedemptionDecoder(),
};
const GRANT: Layout<Grant> = { name: 'grant', discriminator: GRANT_DISCRIMINATOR, decoder: getGrantDecoder() };
const ROUND: Layout<Round> = { name: 'round', discriminator: ROUND_DISCRIMINATOR, decoder: getRoundDecoder() };
const SUBSCRIPTION: Layout<Subscription> = {
    name: 'subscription',
    discriminator: SUBSCRIPTION_DISCRIMINATOR,
    decoder: getSubscriptionDecoder(),
};
const COLLECTIVE: Layout<Collective> = { name: 'collective', discriminator: COLLECTIVE_DISCRIMINATOR, decoder: getCollectiveDecoder() };
const MEMBER: Layout<Member> = { name: 'member', discriminator: MEMBER_DISCRIMINATOR, decoder: getMemberDecoder() };
const APPROVAL: Layout<Approval> = { name: 'approval', discriminator: APPROVAL_DISCRIMINATOR, decoder: getApprovalDecoder() };

export const KINDS = ['Expression', 'Person', 'Collective'] as const;

/** A 128-bit number of the chain. */
export const x64 = ({ lo, hi }: X64): bigint => (hi << 64n) | lo;
export const isCurated = (security: Security): boolean => security.policy === 1;

function decode<T extends object>(layout: Layout<T>, account: RawAccount): At<T> {
    const malformed = (why: string) => new Error(`${account.address} is not a ${layout.name} of this program: ${why}.`);
    if (account.owner !== UPSIDE_PROGRAM_ADDRESS) throw malformed(`program ${account.owner} owns it`);
    if (account.data.length !== layout.decoder.fixedSize) throw malformed(`it has ${account.data.length} bytes`);
    if (layout.discriminator.some((byte, i) => account.data[i] !== byte)) throw malformed('it is of another type');
    return { ...layout.decoder.decode(account.data), address: account.address };
}

async function find<T extends object>(layout: Layout<T>, address: Address): Promise<At<T> | null> {
    const account = await readAccount(address);
    return exists(account) ? decode(layout, account) : null;
}

async function findMany<T extends object>(layout: Layout<T>, addresses: readonly Address[]): Promise<(At<T> | null)[]> {
    return (await readAccounts(addresses)).map((account) => (exists(account) ? decode(layout, account) : null));
}

const keyBytes = getAddressEncoder();
/** Where the keys of an account lie: after the discriminator and eight bytes. */
const KEY_OFFSET = 16;

async function list<T extends object>(layout: Layout<T>, keys: readonly { index: number; key: Address }[]): Promise<At<T>[]> {
    const found = await readProgramAccounts(UPSIDE_PROGRAM_ADDRESS, layout.decoder.fixedSize, [
        { offset: 0, bytes: layout.discriminator },
        ...keys.map(({ index, key }) => ({ offset: KEY_OFFSET + 32 * index, bytes: keyBytes.encode(key) })),
    ]);
    return found.map((account) => decode(layout, account)).toSorted((a, b) => (a.address < b.address ? -1 : 1));
}

export const findSecurity = (address: Address) => find(SECURITY, address);
export const findSecurities = (addresses: readonly Address[]) => findMany(SECURITY, addresses);
/** A security by its share mint. */
export async function securityOfMint(mint: Address): Promise<At<Security>> {
    const security = await findSecurity(await securityOf(mint));
    if (!security) throw new Error(`No security of this network has the share mint ${mint}.`);
    return security;
}
export const allSecurities = () => list(SECURITY, []);
export const securitiesOfIssuer = (issuer: Address) => list(SECURITY, [{ index: 1, key: issuer }]);
export const securitiesProposedTo = (wallet: Address) => list(SECURITY, [{ index: 2, key: wallet }]);

export const findPosition = async (security: Address, holder: Address) => find(POSITION, await positionOf(security, holder));
export const positionsOfSecurity = (security: Address) => list(POSITION, [{ index: 0, key: security }]);
export const positionsOfHolder = (holder: Address) => list(POSITION, [{ index: 1, key: holder }]);

export const vaultsOfSecurity = async (security: Address) =>
    (await list(VAULT, [{ index: 0, key: security }])).toSorted((a, b) => a.index - b.index);
/** Every vault that holds an asset. */
export const vaultsOfAsset = (asset: Address) => list(VAULT, [{ index: 1, key: asset }]);

export const ticketsOf = async (security: Address, holder: Address) =>
    (await list(REDEMPTION, [{ index: 0, key: security }, { index: 1, key: holder }])).toSorted((a, b) => Number(a.id - b.id));
export const ticketsOfHolder = (holder: Address) => list(REDEMPTION, [{ index: 1, key: holder }]);
export const findTicket = async (security: Address, holder: Address, id: bigint) =>
    find(REDEMPTION, await redemptionOf(security, holder, id));
export const hasCollected = (ticket: Redemption, index: number): boolean =>
    ((ticket.collected[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;

export const findGrants = (addresses: readonly Address[]) => findMany(GRANT, addresses);
export const grantsOfSecurity = (security: Address) => list(GRANT, [{ index: 0, key: security }]);
export const grantsOfRecipient = (recipient: Address) => list(GRANT, [{ index: 1, key: recipient }]);
export const grantsOfApprover = (approver: Address) => list(GRANT, [{ index: 2, key: approver }]);

export const roundsOfSecurity = async (security: Address) =>
    (await list(ROUND, [{ index: 0, key: security }])).toSorted((a, b) => (a.announcedTs > b.announcedTs ? -1 : 1));
export const subscriptionsOfRound = (round: Address) => list(SUBSCRIPTION, [{ index: 0, key: round }]);
export const subscriptionsOfInvestor = (investor: Address) => list(SUBSCRIPTION, [{ index: 1, key: investor }]);

/** The rules of securities, in their order; null where a security has none. */
export const collectivesOf = async (securities: readonly Address[]) => findMany(COLLECTIVE, await Promise.all(securities.map(collectiveOf)));
export const findCollectives = (addresses: readonly Address[]) => findMany(COLLECTIVE, addresses);
/** Members and applications of a collective. */
export const membersOf = (collective: Address) => list(MEMBER, [{ index: 0, key: collective }]);
/** What a security joined and applied to. */
export const membershipsOf = (memberSecurity: Address) => list(MEMBER, [{ index: 1, key: memberSecurity }]);
/** What a wallet applied for. */
export const applicationsOf = (wallet: Address) => list(MEMBER, [{ index: 2, key: wallet }]);

export const findApproval = async (security: Address, holder: Address) => find(APPROVAL, await approvalOf(security, holder));
export const approvalsOf = (security: Address) => list(APPROVAL, [{ index: 0, key: security }]);
