/** Grants: what has vested, by the program's formula. */
import { vested } from '../math';
import { NOBODY } from './addresses';
import type { Grant } from './accounts';

export const isMilestone = (grant: Grant): boolean => grant.approver !== NOBODY;
/** Whether the deadline passed without an approval: then its shares are free again. */
export const hasLapsed = (grant: Grant, now: bigint): boolean =>
    isMilestone(grant) && grant.approved === 0 && grant.revoked === 0 && now >= grant.deadlineTs;

/** Share atoms vested at a time, claimed ones included. */
export function vestedAt(grant: Grant, now: bigint): bigint {
    if (grant.revoked === 1) return grant.amountAtoms;
    if (isMilestone(grant) && grant.approved === 0) return 0n;
    return vested(grant.amountAtoms, grant.startTs, grant.cliffTs, grant.endTs, now);
}
