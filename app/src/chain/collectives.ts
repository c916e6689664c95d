/** Collectives: the rule, who applied and joined, and what comes next for each, by the program's formulas. */
import type { Address } from '@solana/kit';
import { formatAmount, formatBps } from '../amounts';
import { contribution } from '../math';
import { formatDuration, formatTime } from '../time';
import {
    collectivesOf,
    findCollectives,
    findGrants,
    findSecurities,
    membersOf,
    membershipsOf,
    type At,
    type Collective,
    type Grant,
    type Member,
    type Security,
} from './accounts';
import { NOBODY } from './addresses';
import { readNames, symbolIn, type Named } from './names';

/** As the program numbers them. */
const STATUS = ['applied', 'admitted', 'joined'] as const;
export type MemberPhase = 'waits' | 'noticed' | 'may-join' | 'expired' | 'joined';

/** A security with what it is called. */
export type NamedSecurity = { security: At<Security>; symbol: string };
/** An application or a membership: both securities, and the member's grant while it is open. */
export type Membership = { member: At<Member>; upper: NamedSecurity; lower: NamedSecurity; grant: At<Grant> | null };

/** Most members that a security can have: each takes a vault. */
const MOST_VAULTS = 256;

/** First second in which it may join: the notice runs from the application. */
export const earliestJoin = (member: Member, upper: Security): bigint => member.appliedTs + upper.noticeSeconds;
export const isOpen = (member: Member): boolean => STATUS[member.status] !== 'joined';
export const contributionOf = (rule: Pick<Collective, 'contributionBps'>, lower: Security): bigint =>
    contribution(lower.authorisedAtoms, BigInt(rule.contributionBps));

/** Where an application is in its life. */
export function memberPhase(member: Member, upper: Security, now: bigint): MemberPhase {
    switch (STATUS[member.status]) {
        case 'joined':
            return 'joined';
        case 'admitted':
            if (now >= member.expiresTs) return 'expired';
            return now < earliestJoin(member, upper) ? 'noticed' : 'may-join';
        default:
            return 'waits';
    }
}

/** What comes next for an application, with its countdown. */
export function nextSentence(member: Member, upper: Security, now: bigint): string {
    const earliest = earliestJoin(member, upper);
    switch (memberPhase(member, upper, now)) {
        case 'joined':
            return `Joined ${formatTime(member.joinedTs)}.`;
        case 'expired':
            return `The consent expired ${formatTime(member.expiresTs)}.`;
        case 'noticed':
            return `Admitted. It can join in ${formatDuration(earliest - now)}, until ${formatTime(member.expiresTs)}.`;
        case 'may-join':
            return `Admitted. It can join now, for ${formatDuration(member.expiresTs - now)}.`;
        case 'waits':
            return now < earliest
                ? `Waits for the issuer\u2019s consent; its notice is over in ${formatDuration(earliest - now)}.`
                : 'Waits for the issuer\u2019s consent; its notice is over.';
    }
}

export type Rule = Pick<Collective, 'contributionBps' | 'sharesAtoms' | 'cliffSeconds' | 'vestingSeconds'>;

/** The rule, one sentence each. */
export function ruleSentences(rule: Rule, { security, symbol }: NamedSecurity): string[] {
    const over = `over ${formatDuration(rule.vestingSeconds)}`;
    const vests =
        rule.vestingSeconds === 0n ? 'at once' : rule.cliffSeconds === 0n ? over : `${over}, nothing before ${formatDuration(rule.cliffSeconds)}`;
    return [
        `Every member gives ${formatBps(rule.contributionBps)} of what its security may ever issue, out of shares that exist.`,
        `Every member is granted ${formatAmount(rule.sharesAtoms, security.decimals)} ${symbol}, which vest ${vests}; nobody can revoke them.`,
    ];
}

/** Shares that can still be promised. */
export const capacityLeft = (security: Security): bigint => security.authorisedAtoms - security.issuedAtoms - security.reservedAtoms;

/** How many more members there is room for: shares to grant, and a vault for each. */
export function roomFor(security: Security, sharesAtoms: bigint): bigint {
    const places = BigInt(Math.max(0, MOST_VAULTS - security.vaultCount));
    const grants = sharesAtoms === 0n ? places : capacityLeft(security) / sharesAtoms;
    return grants < places ? grants : places;
}

/** The rule by which others join a security; null if it has none. */
export const readRule = async (security: Address): Promise<At<Collective> | null> => (await collectivesOf([security]))[0] ?? null;

const named = (security: At<Security>, names: ReadonlyMap<Address, Named>): NamedSecurity => ({ security, symbol: symbolIn(names, security.mint) });

/** Both securities and the grant of each. What names an account that cannot be read is left out. */
async function join(members: readonly At<Member>[]): Promise<Membership[]> {
    const rules = await findCollectives([...new Set(members.map((member) => member.collective))]);
    const upperOf = new Map(rules.flatMap((rule) => (rule ? [[rule.address, rule.security]] : [])));
    const addresses = [...new Set([...upperOf.values(), ...members.map((member) => member.memberSecurity)])];
    const granted = [...new Set(members.map((member) => member.grant).filter((grant) => grant !== NOBODY))];
    const [securities, grants] = await Promise.all([findSecurities(addresses), findGrants(granted)]);
    const found = new Map(securities.flatMap((security) => (security ? [[security.address, security]] : [])));
    const open = new Map(grants.flatMap((grant) => (grant ? [[grant.address, grant]] : [])));
    const names = await readNames([...found.values()].map((security) => security.mint));
    return members.flatMap((member) => {
        const upper = found.get(upperOf.get(member.collective) ?? member.collective);
        const lower = found.get(member.memberSecurity);
        if (!upper || !lower) return [];
        return [{ member, upper: named(upper, names), lower: named(lower, names), grant: open.get(member.grant) ?? null }];
    });
}

const byTime = (a: At<Member>, b: At<Member>) => (a.appliedTs === b.appliedTs ? 0 : a.appliedTs < b.appliedTs ? -1 : 1);

/** Applications and members of a collective, the oldest first. */
export const readMembers = async (collective: Address): Promise<Membership[]> => join((await membersOf(collective)).toSorted(byTime));
/** What a security applied to and joined, the oldest first. */
export const readMemberships = async (security: Address): Promise<Membership[]> => join((await membershipsOf(security)).toSorted(byTime));
/** Memberships that were found some other way. */
export const nameMemberships = join;
