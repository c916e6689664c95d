/** The terms of a security as sentences. */
import { formatAmount } from '../amounts';
import { formatDuration, formatTime, NEVER } from '../time';
import { isCurated } from './accounts';
import type { View } from './view';

const hex = (bytes: ArrayLike<number>) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export function termSentences({ security, share, payout }: View): string[] {
    const amount = (atoms: bigint) => `${formatAmount(atoms, security.decimals)} ${share.symbol}`;
    const agreement = hex(security.agreementSha256);
    return [
        `At most ${amount(security.authorisedAtoms)} can ever exist. This can fall, never rise.`,
        `${amount(security.issuedAtoms)} have been issued and ${amount(security.reservedAtoms)} are promised.`,
        `Holders are paid in ${payout.symbol}, the mint ${security.payoutMint}.`,
        security.dripSeconds === 0n
            ? 'Money that is paid in belongs to the holders at once.'
            : `Money that is paid in drips to registered shares over ${formatDuration(security.dripSeconds)}.`,
        isCurated(security)
            ? 'The issuer approves who may receive shares; there is no bearer form.'
            : 'Every holder may turn shares into ordinary tokens and back.',
        `While others hold shares, nothing that dilutes starts sooner than ${formatDuration(security.noticeSeconds)} after its announcement.`,
        security.redeemAfterTs === NEVER
            ? 'Shares cannot be redeemed for the backing until the issuer opens redemption, which can never be undone.'
            : `Shares can be redeemed for the backing from ${formatTime(security.redeemAfterTs)} on; the issuer can move this earlier, never later.`,
        /^0+$/.test(agreement) ? 'No agreement is attached.' : `An agreement with the SHA-256 ${agreement} is attached; the program does not interpret it.`,
    ];
}
