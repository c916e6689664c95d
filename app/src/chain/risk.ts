/** What the issuer of a mint can do to those who hold it, as sentences: who can do what, then what is so now. */
import type { Address } from '@solana/kit';
import { formatBps } from '../amounts';
import { formatTime } from '../time';
import { multiplierAt, type Mint } from './mints';

export type Power = { who: Address; can: string[] };
export type RiskCard = { powers: Power[]; notices: string[] };

/** One entry for each key that can do something: usually all of it is one key's. */
function powersOf(mint: Mint): Power[] {
    const all: [Address | null | undefined, string][] = [
        [mint.permanentDelegate, 'move or burn it in any account'],
        [mint.freezeAuthority, 'freeze any account of it'],
        [mint.pausable?.authority, 'pause all transfers'],
        [mint.fee?.authority, 'change the fee that each transfer pays'],
        [mint.hook?.authority, 'make a program decide about transfers'],
        [mint.scaled?.authority ?? mint.interest?.authority, 'change what wallets show'],
        [mint.mintAuthority, 'make more of it'],
        [mint.closeAuthority, 'close the mint once none of it exists'],
    ];
    const by = new Map<Address, string[]>();
    for (const [who, can] of all) {
        if (who) by.set(who, [...(by.get(who) ?? []), can]);
    }
    return [...by].map(([who, can]) => ({ who, can }));
}

function noticesOf(mint: Mint, epoch: bigint, now: bigint): string[] {
    const notices: string[] = [];
    if (mint.pausable?.paused) notices.push('All transfers are paused now.');
    if (mint.bornFrozen) notices.push('New accounts are born frozen and wait until its issuer thaws them.');
    if (mint.hook?.program) notices.push(`Program ${mint.hook.program} is called at each transfer and can refuse it.`);
    if (mint.fee) {
        const { older, newer } = mint.fee;
        const fee = epoch >= newer.epoch ? newer : older;
        if (fee.bps > 0) notices.push(`Each transfer withholds ${formatBps(fee.bps)} now.`);
        if (epoch < newer.epoch) {
            notices.push(`From epoch ${newer.epoch} on, each transfer withholds ${formatBps(newer.bps)}.`);
        }
    }
    const multiplier = multiplierAt(mint, now);
    if (multiplier !== 1) notices.push(`One stored unit counts ${multiplier} in wallets.`);
    if (mint.scaled && now < mint.scaled.laterFrom && mint.scaled.later !== multiplier) {
        notices.push(`From ${formatTime(mint.scaled.laterFrom)} on, one stored unit counts ${mint.scaled.later}.`);
    }
    if (mint.interest && mint.interest.bps !== 0) {
        const sign = mint.interest.bps < 0 ? '\u2212' : '';
        notices.push(`Wallets show it growing by ${sign}${formatBps(mint.interest.bps)} a year; what is stored stays.`);
    }
    return notices;
}

export const riskCard = (mint: Mint, epoch: bigint, now: bigint): RiskCard => ({
    powers: powersOf(mint),
    notices: noticesOf(mint, epoch, now),
});
