/** Money on its way to the holders: the line it drips along, as a picture and as words. */
import { formatAmount } from '../../amounts';
import { x64 } from '../../chain/accounts';
import { streamAt } from '../../chain/quotes';
import type { View } from '../../chain/view';
import { stream as streams, type Stream } from '../../math';
import { formatTime } from '../../time';
import { useNow } from '../../ui/hooks';
import { Card, Empty, Facts } from '../../ui/parts';
import { Amount, When } from '../../ui/text';

const WIDTH = 640;
const HEIGHT = 180;
const PAD = 12;

function Chart({ stream, now, view }: { stream: Stream; now: bigint; view: View }) {
    const { security, payout } = view;
    const span = stream.endTs - stream.startTs;
    const inner = WIDTH - 2 * PAD;
    const x = (ts: bigint) => PAD + (span <= 0n ? inner : Number(((ts - stream.startTs) * BigInt(inner)) / span));
    const y = (atoms: bigint) => HEIGHT - PAD - (stream.total === 0n ? 0 : Number((atoms * BigInt(HEIGHT - 3 * PAD)) / stream.total));
    const at = now < stream.startTs ? stream.startTs : now > stream.endTs ? stream.endTs : now;
    const money = (atoms: bigint) => `${formatAmount(atoms, security.payoutDecimals)} ${payout.symbol}`;
    return (
        <figure className="chart">
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${money(stream.dripped)} of ${money(stream.total)} have dripped.`}>
                <line className="axis" x1={PAD} x2={WIDTH - PAD} y1={HEIGHT - PAD} y2={HEIGHT - PAD} />
                <polygon className="done" points={`${PAD},${HEIGHT - PAD} ${x(at)},${y(stream.dripped)} ${x(at)},${HEIGHT - PAD}`} />
                <line className="line" x1={PAD} y1={HEIGHT - PAD} x2={WIDTH - PAD} y2={y(stream.total)} />
                <line className="now" x1={x(at)} x2={x(at)} y1={PAD} y2={HEIGHT - PAD} />
                <circle className="now" cx={x(at)} cy={y(stream.dripped)} r="5" />
            </svg>
            <figcaption>
                <span>{formatTime(stream.startTs)}</span>
                <span>{formatTime(stream.endTs)}</span>
            </figcaption>
        </figure>
    );
}

export function StreamCard({ view }: { view: View }) {
    const { security, payout } = view;
    const now = useNow();
    const stream = now === undefined ? null : streamAt(security, now);
    const money = (atoms: bigint) => <Amount atoms={atoms} decimals={security.payoutDecimals} symbol={payout.symbol} />;
    return (
        <Card title="Money on its way">
            {stream && now !== undefined && streams.undripped(stream) > 0n ? (
                <>
                    <Chart stream={stream} now={now} view={view} />
                    <Facts
                        items={[
                            ['Still to drip', money(streams.undripped(stream))],
                            ['Has dripped of this', money(stream.dripped)],
                            [
                                'All of it by',
                                security.registeredAtoms === 0n ? (
                                    'waits: nobody has registered shares'
                                ) : (
                                    <When key="end" ts={stream.endTs} now={now} />
                                ),
                            ],
                        ]}
                    />
                </>
            ) : (
                <Empty>Nothing is on its way now. When somebody pays in, it drips to registered shares.</Empty>
            )}
            <Facts items={[['Ever received', money(x64(security.receivedTotalAtoms))]]} />
        </Card>
    );
}
