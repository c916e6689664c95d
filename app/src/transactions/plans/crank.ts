/** Everything that anybody may do for others, in as few transactions as it takes. */
import type { Address } from '@solana/kit';
import type { Due } from '../../chain/due';
import type { Asset } from '../../chain/backing';
import { nameMint } from '../../chain/names';
import type { View } from '../../chain/view';
import { pack, type Part } from '../pack';
import type { Plan } from '../plan';
import { claimGrantPlan, closeGrantPlan } from './grants';
import { harvestPlan, registerVaultBearerPlan, type Layered } from './layers';
import { closeRoundPlan, releaseRunwayPlan, settlePlan } from './rounds';
import { claimPlan, distributePlan } from './upside';

/** Plans in the order in which one brings money to the next: from the vaults up, then to the holders. */
async function plansOf(wallet: Address, { security, share, payout }: View, due: Due): Promise<Plan[]> {
    const symbol = share.symbol;
    const offer = { security, symbol, payoutSymbol: payout.symbol };
    const layered = ({ layer, mint }: Asset): Layered => ({
        security,
        symbol,
        held: layer!.security,
        heldSymbol: mint ? nameMint(mint).symbol : layer!.security.mint,
    });
    return Promise.all([
        ...due.bearer.map((asset) => registerVaultBearerPlan(wallet, layered(asset))),
        ...due.harvests.map((asset) => harvestPlan(layered(asset))),
        ...(due.inbox > 0n ? [distributePlan(wallet, security, symbol, 0n)] : []),
        ...due.claims.map((position) => claimPlan(wallet, security, symbol, position)),
        ...due.vested.map((grant) => claimGrantPlan(wallet, security, symbol, grant)),
        ...due.finished.map((grant) => closeGrantPlan(symbol, grant)),
        ...due.undecided.map((round) => closeRoundPlan(offer, round)),
        ...due.unsettled.map(({ round, subscriptions }) => settlePlan(wallet, offer, round, subscriptions)),
        ...due.runways.map((round) => releaseRunwayPlan(wallet, offer, round)),
    ]);
}

export async function crankPlan(wallet: Address, view: View, due: Due): Promise<Plan> {
    const plans = await plansOf(wallet, view, due);
    const parts = plans.flatMap(({ steps }): Part[] => steps.map(({ title, instructions }) => ({ title, instructions, alone: false })));
    return {
        title: `Do what is due of ${view.share.symbol}`,
        notes: [
            'What moves goes to those it belongs to; you pay the fees, and the rent of what is opened for others.',
            'What is done already when its turn comes can be left out.',
        ],
        steps: pack(wallet, parts).map(({ title, instructions }) => ({ title, instructions, optional: true })),
        mints: [view.security.payoutMint],
    };
}
