/** What anybody may do for others of one security now: nothing of it needs its issuer or its holders. */
import { phaseOf, runwayDue, type RoundPhase } from './rounds';
import {
    grantsOfSecurity,
    positionsOfSecurity,
    roundsOfSecurity,
    subscriptionsOfRound,
    type At,
    type Grant,
    type Position,
    type Round,
    type Security,
    type Subscription,
} from './accounts';
import { UPSIDE_PROGRAM_ADDRESS } from './addresses';
import { readBacking, type Asset } from './backing';
import { hasLapsed, vestedAt } from './grants';
import { claimable } from './quotes';
import { readAccounts } from './reads';
import { readTokenAccounts } from './token-accounts';

export type Due = {
    /** Money that was sent to the security and not paid in. */
    inbox: bigint;
    /** Layers with bearer shares that nobody registered, and with money to harvest. */
    bearer: Asset[];
    harvests: Asset[];
    claims: At<Position>[];
    /** Holders who are owed money and have no account that can take it. */
    unreachable: number;
    vested: At<Grant>[];
    finished: At<Grant>[];
    undecided: At<Round>[];
    unsettled: { round: At<Round>; subscriptions: At<Subscription>[] }[];
    runways: At<Round>[];
};

const isDecided = (phase: RoundPhase) => phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
/** The least that is worth a transaction: a hundredth of a unit. */
export const worthwhile = (security: Security): bigint => 10n ** BigInt(Math.max(0, security.payoutDecimals - 2));

async function readLayers(security: At<Security>, now: bigint) {
    const layers = (await readBacking(security.address)).filter((asset) => asset.layer);
    const bearer = await readTokenAccounts(layers.map((asset) => asset.vault.tokenAccount));
    const owed = ({ layer }: Asset) => (layer?.position ? (claimable(layer.security, layer.position, now) ?? 0n) : 0n);
    return {
        bearer: layers.filter((_, i) => (bearer[i]?.amount ?? 0n) > 0n),
        harvests: layers.filter((asset) => asset.layer && owed(asset) >= worthwhile(asset.layer.security)),
    };
}

async function readClaims(security: At<Security>, now: bigint) {
    const positions = await positionsOfSecurity(security.address);
    const holders = await readAccounts(positions.map((position) => position.holder));
    // What a vault earns is harvested, not claimed.
    const own = positions.filter((_, i) => holders[i]?.owner !== UPSIDE_PROGRAM_ADDRESS);
    const owed = own.filter((position) => (claimable(security, position, now) ?? 0n) >= worthwhile(security));
    const accounts = await readTokenAccounts(owed.map((position) => position.payoutAccount));
    const takes = (position: Position, i: number) => {
        const account = accounts[i];
        return account !== undefined && account !== null && !account.frozen && account.owner === position.holder;
    };
    const claims = owed.filter(takes);
    return { claims, unreachable: owed.length - claims.length };
}

async function readRounds(security: At<Security>, now: bigint) {
    const rounds = await roundsOfSecurity(security.address);
    const decided = rounds.filter((round) => isDecided(phaseOf(round, now)));
    const open = await Promise.all(decided.map((round) => subscriptionsOfRound(round.address)));
    const due = (round: Round) => runwayDue(round, now).backing + runwayDue(round, now).issuer >= worthwhile(security);
    return {
        undecided: rounds.filter((round) => phaseOf(round, now) === 'undecided'),
        unsettled: decided
            .map((round, i) => ({ round, subscriptions: open[i]!.filter((each) => each.settled === 0 && each.wantedAtoms > 0n) }))
            .filter(({ subscriptions }) => subscriptions.length > 0),
        runways: decided.filter(due),
    };
}

export async function readDue(security: At<Security>, now: bigint): Promise<Due> {
    const [inbox, layers, claims, grants, rounds] = await Promise.all([
        readTokenAccounts([security.inbox]),
        readLayers(security, now),
        readClaims(security, now),
        grantsOfSecurity(security.address),
        readRounds(security, now),
    ]);
    const swept = inbox[0]?.amount ?? 0n;
    return {
        inbox: swept >= worthwhile(security) ? swept : 0n,
        ...layers,
        ...claims,
        vested: grants.filter((grant) => vestedAt(grant, now) > grant.claimedAtoms),
        finished: grants.filter((grant) => grant.claimedAtoms === grant.amountAtoms || hasLapsed(grant, now)),
        ...rounds,
    };
}
