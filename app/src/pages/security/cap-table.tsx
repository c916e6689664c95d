/** Who holds what. */
import { formatPart } from '../../amounts';
import { positionsOfSecurity, vaultsOfAsset, type Position } from '../../chain/accounts';
import { claimable } from '../../chain/quotes';
import type { View } from '../../chain/view';
import { linkWith } from '../../router';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded, Table } from '../../ui/parts';
import { AddressText, Amount } from '../../ui/text';

const MOST_ROWS = 200;

export function CapTable({ view }: { view: View }) {
    const { security, share } = view;
    const now = useNow();
    const query = useQuery(`cap-table/${security.address}`, async () => {
        const [positions, vaults] = await Promise.all([positionsOfSecurity(security.address), vaultsOfAsset(security.mint)]);
        return { positions: positions.toSorted((a, b) => (a.sharesAtoms > b.sharesAtoms ? -1 : 1)), vaults };
    });
    const bearer = share.mint.supply - security.registeredAtoms;
    const amount = (atoms: bigint) => <Amount atoms={atoms} decimals={security.decimals} symbol={share.symbol} />;
    return (
        <Card title="Who holds it">
            <Loaded query={query} what="the holders">
                {({ positions, vaults }) => {
                    const holders = positions.filter((position) => position.sharesAtoms > 0n);
                    const nameOf = (holder: string) =>
                        holder === security.issuer ? 'issuer' : vaults.some((vault) => vault.address === holder) ? 'vault of another security' : '';
                    if (holders.length === 0 && bearer === 0n) return <Empty>Nobody holds a share yet.</Empty>;
                    return (
                        <>
                            <Table
                                caption={`Holders of ${share.symbol}`}
                                columns={[
                                    { title: 'Holder' },
                                    { title: 'Shares', numeric: true },
                                    { title: 'Of all that exist', numeric: true },
                                    { title: 'Can claim', numeric: true },
                                ]}
                                rows={[
                                    ...holders.slice(0, MOST_ROWS).map((position) => [
                                        <span key="holder">
                                            <AddressText address={position.holder} /> {nameOf(position.holder)}
                                        </span>,
                                        amount(position.sharesAtoms),
                                        formatPart(position.sharesAtoms, share.mint.supply),
                                        <Owed key="owed" view={view} position={position} now={now} />,
                                    ]),
                                    ...(bearer > 0n
                                        ? [['Bearer shares, in any wallet', amount(bearer), formatPart(bearer, share.mint.supply), 'they do not earn']]
                                        : []),
                                ]}
                            />
                            {holders.length > MOST_ROWS && <p>The {MOST_ROWS} largest of {holders.length} are shown.</p>}
                        </>
                    );
                }}
            </Loaded>
            <Parts view={view} />
        </Card>
    );
}

/** What a holder can claim, and a way for anybody to have it paid to them. */
function Owed({ view: { security, payout }, position, now }: { view: View; position: Position; now: bigint | undefined }) {
    const atoms = now === undefined ? undefined : claimable(security, position, now);
    const amount = <Amount atoms={atoms} decimals={security.payoutDecimals} symbol={payout.symbol} />;
    if (typeof atoms !== 'bigint' || atoms === 0n) return amount;
    return <a href={linkWith({ for: position.holder }, 'security', security.mint, 'claim')}>{amount}</a>;
}

/** Issued, promised, free: a bar and its words. */
function Parts({ view: { security, share } }: { view: View }) {
    const { authorisedAtoms: all, issuedAtoms: issued, reservedAtoms: reserved } = security;
    const parts = [
        { name: 'issued', atoms: issued },
        { name: 'promised', atoms: reserved },
        { name: 'free', atoms: all - issued - reserved },
    ];
    return (
        <figure className="supply">
            <svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true">
                {parts.map(({ name, atoms }, i) => {
                    const before = parts.slice(0, i).reduce((sum, part) => sum + part.atoms, 0n);
                    return <rect key={name} className={name} x={Number((before * 1000n) / all)} width={Number((atoms * 1000n) / all)} height="16" />;
                })}
            </svg>
            <figcaption>
                {parts.map(({ name, atoms }) => (
                    <span key={name} className={name}>
                        {name}: <Amount atoms={atoms} decimals={security.decimals} symbol={share.symbol} /> ({formatPart(atoms, all)})
                    </span>
                ))}
            </figcaption>
        </figure>
    );
}
