/** Creating a security. */
import type { Address } from '@solana/kit';
import { formatAmount } from '../../amounts';
import { mintOf, payoutVaultOf, securityOf } from '../../chain/addresses';
import { KINDS } from '../../chain/accounts';
import type { Mint } from '../../chain/mints';
import { getCreateSecurityInstruction } from '../../generated/instructions';
import { formatDuration, formatTime, NEVER } from '../../time';
import type { Plan } from '../plan';
import { holderKeys, signerOf, tail } from './keys';

export type Draft = {
    kind: 0 | 1 | 2;
    index: number;
    name: string;
    symbol: string;
    uri: string;
    decimals: number;
    policy: 0 | 1;
    authorised: bigint;
    initialShares: bigint;
    dripSeconds: bigint;
    noticeSeconds: bigint;
    redeemAfterTs: bigint;
    agreementSha256: Uint8Array;
};

/** The terms as sentences, in the words of the security page. */
export function irreversibleTerms(draft: Draft, payoutSymbol: string): string[] {
    const { decimals } = draft;
    return [
        `At most ${formatAmount(draft.authorised, decimals)} shares can ever exist; a share has ${decimals} decimals.`,
        `Holders are paid in ${payoutSymbol}, and never in anything else.`,
        draft.dripSeconds === 0n
            ? 'Money that is paid in belongs to the holders at once.'
            : `Money that is paid in drips to registered shares over ${formatDuration(draft.dripSeconds)}.`,
        draft.policy === 0
            ? 'Shares are open: every holder may turn them into ordinary tokens and back.'
            : 'Shares are curated: they go only to holders whom you approve.',
        `Once others hold shares, grants and rounds need ${formatDuration(draft.noticeSeconds)} of notice.`,
        draft.redeemAfterTs === NEVER
            ? 'Shares cannot be redeemed for the backing until you open redemption; opening it can never be undone.'
            : `Shares can be redeemed for the backing from ${formatTime(draft.redeemAfterTs)} on; you can move this earlier, never later.`,
        ...(draft.kind === 1 ? ['A wallet issues one personal token ever: this is yours.'] : []),
    ];
}

export async function createSecurityPlan(wallet: Address, draft: Draft, payout: Mint, payoutSymbol: string): Promise<Plan> {
    const signer = signerOf(wallet);
    const mint = await mintOf(wallet, draft.kind, draft.index);
    const security = await securityOf(mint);
    const instruction = getCreateSecurityInstruction({
        payer: signer,
        issuer: signer,
        mint,
        security,
        payoutMint: payout.address,
        payoutTokenProgram: payout.tokenProgram,
        payoutVault: await payoutVaultOf(security),
        ...(await holderKeys(security, wallet)),
        ...(await tail()),
        kind: draft.kind,
        index: draft.index,
        name: draft.name,
        symbol: draft.symbol,
        uri: draft.uri,
        initialSharesAtoms: draft.initialShares,
        terms: {
            decimals: draft.decimals,
            policy: draft.policy,
            authorisedAtoms: draft.authorised,
            dripSeconds: draft.dripSeconds,
            noticeSeconds: draft.noticeSeconds,
            redeemAfterTs: draft.redeemAfterTs,
            agreementSha256: draft.agreementSha256,
        },
    });
    return {
        title: `Create ${draft.symbol}`,
        notes: [
            `A security for ${{ Expression: 'an expression', Person: 'a person', Collective: 'a collective' }[KINDS[draft.kind]]}, with the share mint ${mint}.`,
        ],
        irreversible: irreversibleTerms(draft, payoutSymbol),
        steps: [{ title: 'Create', instructions: [instruction] }],
        mints: [payout.address],
        done: { label: `Open the page of ${draft.symbol}`, href: `#/security/${mint}` },
    };
}
