/** What a share stands for through all layers, and what that is worth at prices which the reader gives. */
import { useState } from 'react';
import type { Address } from '@solana/kit';
import { parseAmount } from '../../amounts';
import { readGraph } from '../../chain/graph';
import { lookThrough, type Holding } from '../../chain/look-through';
import { nameMint } from '../../chain/names';
import type { View } from '../../chain/view';
import { shortAddress } from '../../display';
import { mulDivFloor } from '../../math';
import { useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded, Table } from '../../ui/parts';
import { Amount } from '../../ui/text';

const symbolOf = ({ asset, mint }: Holding) => (asset.mint ? nameMint(asset.mint).symbol : shortAddress(mint));

export default function Value({ view }: { view: View }) {
    const { security, payout } = view;
    const { share } = view;
    const [prices, setPrices] = useState<ReadonlyMap<Address, string>>(new Map());
    const query = useQuery(`graph/${security.address}`, () => readGraph(security.address));
    /** Payout atoms that a holding is worth; null without a price. Money counts as itself. */
    const worthOf = ({ mint, atoms, decimals }: Holding): bigint | null => {
        if (mint === security.payoutMint) return atoms;
        const parsed = parseAmount(prices.get(mint) ?? '', security.payoutDecimals);
        return 'atoms' in parsed ? mulDivFloor(atoms, parsed.atoms, 10n ** BigInt(decimals)) : null;
    };
    const money = (atoms: bigint | null) => <Amount atoms={atoms} decimals={security.payoutDecimals} symbol={payout.symbol} />;
    return (
        <Card title="Look-through value">
            <Loaded query={query} what="all layers">
                {(graph) => {
                    const all = 1_000n * 10n ** BigInt(security.decimals);
                    const holdings = lookThrough(graph, all);
                    if (holdings.length === 0) return <Empty>No outside asset backs it yet, through any layer.</Empty>;
                    const worths = holdings.map(worthOf);
                    const sum = worths.reduce<bigint>((total, worth) => total + (worth ?? 0n), 0n);
                    return (
                        <>
                            <p>
                                1,000 <bdi>{share.symbol}</bdi>, redeemed hop by hop through {graph.layers.size}{' '}
                                {graph.layers.size === 1 ? 'security' : 'securities'}, stand for at least this. Prices are yours: nobody is asked.
                                {!graph.isWhole && ' There are more layers than were read.'}
                            </p>
                            <Table
                                caption="What 1,000 shares stand for"
                                columns={[
                                    { title: 'Asset' },
                                    { title: 'Amount', numeric: true },
                                    { title: `Price in ${payout.symbol}`, numeric: true },
                                    { title: 'Worth', numeric: true },
                                ]}
                                rows={holdings.map((holding, i) => [
                                    <bdi key="asset">{symbolOf(holding)}</bdi>,
                                    <Amount key="amount" atoms={holding.atoms} decimals={holding.decimals} symbol="" />,
                                    holding.mint === security.payoutMint ? (
                                        '1'
                                    ) : (
                                        <input
                                            key="price"
                                            className="numeric price"
                                            inputMode="decimal"
                                            placeholder="0"
                                            aria-label={`Price of one ${symbolOf(holding)} in ${payout.symbol}`}
                                            value={prices.get(holding.mint) ?? ''}
                                            onChange={(event) => setPrices(new Map(prices).set(holding.mint, event.target.value))}
                                        />
                                    ),
                                    money(worths[i]!),
                                ])}
                            />
                            <p role="status">
                                {worths.some((worth) => worth !== null) ? (
                                    <span className="figure">{money(sum)}</span>
                                ) : (
                                    'Write a price to see what they are worth.'
                                )}
                                {worths.includes(null) && sum > 0n && <small> without the assets that have no price</small>}
                            </p>
                        </>
                    );
                }}
            </Loaded>
        </Card>
    );
}
