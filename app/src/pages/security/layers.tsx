/** The layers around a security as a picture to walk through: who holds it in a vault, and what its own vaults hold. */
import type { Address } from '@solana/kit';
import { readLayers, type LayerNode } from '../../chain/layers';
import type { View } from '../../chain/view';
import { linkTo } from '../../router';
import { useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded } from '../../ui/parts';

/** Room for each node of a row. */
const COLUMN = 188;
const ROW = 96;
const BOX = { width: 168, height: 48 };

function place(nodes: readonly LayerNode[], y: number, width: number) {
    const column = width / nodes.length;
    return nodes.map((node, i) => ({ node, x: column * (i + 0.5), y }));
}

type Placed = ReturnType<typeof place>[number];

function Box({ placed: { node, x, y }, isSelf }: { placed: Placed; isSelf: boolean }) {
    const box = (
        <g className={`node ${node.isSecurity ? 'security' : 'asset'} ${isSelf ? 'self' : ''}`}>
            <rect x={x - BOX.width / 2} y={y} width={BOX.width} height={BOX.height} rx="10" />
            <text x={x} y={y + 20} textAnchor="middle">
                {node.label}
            </text>
            <text className="small" x={x} y={y + 37} textAnchor="middle">
                {node.detail}
            </text>
        </g>
    );
    if (!node.isSecurity || isSelf) return box;
    return <a href={linkTo('security', node.mint)}>{box}</a>;
}

function Edge({ from, to }: { from: Placed; to: Placed }) {
    const [y1, y2] = [from.y + BOX.height, to.y];
    const bend = (y1 + y2) / 2;
    return <path className="edge" d={`M${from.x},${y1} C${from.x},${bend} ${to.x},${bend} ${to.x},${y2}`} />;
}

/** The most in a row: the lists below are whole. */
const MOST = 6;

export default function Layers({ view }: { view: View }) {
    const { security, share } = view;
    const query = useQuery(`layers/${security.address}`, () => readLayers(security));
    const self: LayerNode = { mint: security.mint as Address, label: share.symbol, detail: 'this security', isSecurity: true };
    return (
        <Card title="Layers">
            <Loaded query={query} what="the layers">
                {({ above, below }) => {
                    if (above.length + below.length === 0) return <Empty>No other security holds it, and its own vaults hold nothing.</Empty>;
                    const mutual = below.filter((node) => above.some((other) => other.mint === node.mint));
                    const columns = Math.min(MOST, Math.max(above.length, below.length, 2));
                    const width = COLUMN * columns;
                    const top = place(above.slice(0, MOST), 4, width);
                    const middle = place([self], 4 + (top.length > 0 ? ROW : 0), width)[0]!;
                    const bottom = place(below.slice(0, MOST), middle.y + ROW, width);
                    const height = (bottom[0]?.y ?? middle.y) + BOX.height + 4;
                    return (
                        <>
                            <div className="graph">
                                <svg viewBox={`0 0 ${width} ${height}`} className={columns > 2 ? 'wide' : undefined} role="group" aria-label="Who holds it, and what it holds">
                                    {top.map((placed) => (
                                        <Edge key={placed.node.mint} from={placed} to={middle} />
                                    ))}
                                    {bottom.map((placed) => (
                                        <Edge key={placed.node.mint} from={middle} to={placed} />
                                    ))}
                                    {[...top, middle, ...bottom].map((placed) => (
                                        // Securities that hold each other stand above and below.
                                        <Box key={`${placed.y}/${placed.node.mint}`} placed={placed} isSelf={placed === middle} />
                                    ))}
                                </svg>
                            </div>
                            {mutual.length > 0 && (
                                <p>
                                    {share.symbol} and {mutual.map((node) => node.label).join(', ')} hold each other.
                                </p>
                            )}
                            <LayerList title="Held by" nodes={above} />
                            <LayerList title="Holds" nodes={below} />
                        </>
                    );
                }}
            </Loaded>
        </Card>
    );
}

/** The same as a list, and in full. */
function LayerList({ title, nodes }: { title: string; nodes: readonly LayerNode[] }) {
    if (nodes.length === 0) return null;
    return (
        <details open={nodes.length > MOST}>
            <summary>
                {title} {nodes.length}
            </summary>
            <ul>
                {nodes.map((node) => (
                    <li key={node.mint}>
                        {node.isSecurity ? <a href={linkTo('security', node.mint)}>{node.label}</a> : <bdi>{node.label}</bdi>}: {node.detail}
                    </li>
                ))}
            </ul>
        </details>
    );
}
