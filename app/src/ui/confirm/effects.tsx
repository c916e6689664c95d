/** What changes, in human amounts with full addresses, and who can do what to the assets that move. */
import { formatAmount, formatChange, walletAmount } from '../../amounts';
import { multiplierAt, type Mint } from '../../chain/mints';
import { nameMint } from '../../chain/names';
import { securityOf } from '../../chain/addresses';
import { riskCard } from '../../chain/risk';
import { useClock, useQuery } from '../hooks';
import { timeNow } from '../../chain/clock';
import type { Effect, Simulation } from '../../transactions/simulate';

function EffectView({ effect, now }: { effect: Effect; now: bigint | undefined }) {
    const { mint, before, after, account, owner, opened } = effect;
    const { symbol } = nameMint(mint);
    const change = after - before;
    const multiplier = now === undefined ? 1 : multiplierAt(mint, now);
    return (
        <li>
            <p className={change > 0n ? 'gain' : 'loss'}>
                <strong>
                    {formatChange(change, mint.decimals)} <bdi>{symbol}</bdi>
                </strong>
                {multiplier !== 1 && <small> wallets show {walletAmount(change < 0n ? -change : change, mint.decimals, multiplier)}</small>}
                <small> to {formatAmount(after, mint.decimals)} in all</small>
            </p>
            <p className="where">
                account <code>{account}</code>
                {opened && ' (new)'} of <code>{owner}</code>
            </p>
        </li>
    );
}

/** Who can do what to a mint: one line for each key. A share of a security obeys the program, not a key. */
export function Powers({ mint }: { mint: Mint }) {
    const clock = useClock().data;
    const { data: own } = useQuery(`security-of/${mint.address}`, () => securityOf(mint.address));
    const { symbol } = nameMint(mint);
    if (!clock) return null;
    const { powers, notices } = riskCard(mint, clock.epoch, timeNow(clock));
    if (own !== undefined && own === mint.mintAuthority) {
        return (
            <li>
                <bdi>{symbol}</bdi> is a share of this program: it freezes registered shares and issues what the terms allow; no person has
                power over it.
            </li>
        );
    }
    return (
        <>
            {powers.map(({ who, can }) => (
                <li key={who}>
                    <code>{who}</code> has power over <bdi>{symbol}</bdi>: it can {can.join(', ')}.
                </li>
            ))}
            {powers.length === 0 && (
                <li>
                    Nobody can do anything to <bdi>{symbol}</bdi> that its holders have not signed.
                </li>
            )}
            {notices.map((notice) => (
                <li key={notice}>
                    <bdi>{symbol}</bdi>: {notice}
                </li>
            ))}
        </>
    );
}

export function Effects({ simulation }: { simulation: Extract<Simulation, { ok: true }> }) {
    const clock = useClock().data;
    const now = clock && timeNow(clock);
    return (
        <>
            {simulation.effects.length > 0 ? (
                <ul className="effects" aria-label="Balances that change">
                    {simulation.effects.map((effect) => (
                        <EffectView key={effect.account} effect={effect} now={now} />
                    ))}
                </ul>
            ) : (
                <p>No token balance changes.</p>
            )}
            {simulation.mints.length > 0 && (
                <details open={simulation.mints.length < 3} className="powers">
                    <summary>Who can do what to what moves here</summary>
                    <ul>
                        {simulation.mints.map((mint) => (
                            <Powers key={mint.address} mint={mint} />
                        ))}
                    </ul>
                </details>
            )}
        </>
    );
}
