/** Every security of the network. */
import { useState } from 'react';
import { allSecurities, KINDS, type At, type Security } from '../chain/accounts';
import { readNames, symbolIn } from '../chain/names';
import { linkTo } from '../router';
import { TextField } from '../ui/fields';
import { useQuery } from '../ui/hooks';
import { Empty, Loaded, Table } from '../ui/parts';
import { AddressText, Amount } from '../ui/text';

async function readAll() {
    const securities = await allSecurities();
    const names = await readNames(securities.flatMap((security) => [security.mint, security.payoutMint]));
    return { securities: securities.toSorted((a, b) => (a.createdTs > b.createdTs ? -1 : 1)), names };
}
const MOST_ROWS = 100;

export default function Explore() {
    const query = useQuery('all-securities', readAll);
    const [text, setText] = useState('');
    return (
        <>
            <h1>Securities on this network</h1>
            <TextField label="Find by name, symbol or address" value={text} onChange={setText} />
            <Loaded query={query} what="all securities">
                {({ securities, names }) => {
                    const wanted = text.trim().toLowerCase();
                    const isWanted = ({ mint, issuer }: At<Security>) =>
                        [names.get(mint)?.name, names.get(mint)?.symbol, mint, issuer].some((said) => said?.toLowerCase().includes(wanted));
                    const found = securities.filter(isWanted);
                    if (securities.length === 0) return <Empty>Nobody has issued a security here yet.</Empty>;
                    return (
                        <>
                            <p role="status">
                                {found.length} of {securities.length}
                                {found.length > MOST_ROWS && `; the first ${MOST_ROWS} are shown`}
                            </p>
                            <Table
                                caption="Securities"
                                columns={[
                                    { title: 'Name' },
                                    { title: 'Symbol' },
                                    { title: 'Kind' },
                                    { title: 'Issuer' },
                                    { title: 'On its way', numeric: true },
                                ]}
                                rows={found.slice(0, MOST_ROWS).map((security) => [
                                    <a key="name" href={linkTo('security', security.mint)}>
                                        <bdi>{names.get(security.mint)?.name ?? security.mint}</bdi>
                                    </a>,
                                    <bdi key="symbol">{symbolIn(names, security.mint)}</bdi>,
                                    KINDS[security.kind] ?? 'unknown',
                                    <AddressText key="issuer" address={security.issuer} />,
                                    <Amount
                                        key="stream"
                                        atoms={security.streamTotalAtoms - security.streamDrippedAtoms}
                                        decimals={security.payoutDecimals}
                                        symbol={symbolIn(names, security.payoutMint)}
                                    />,
                                ])}
                            />
                        </>
                    );
                }}
            </Loaded>
        </>
    );
}
