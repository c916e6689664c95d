/** Everything a wallet did and got, from the program's own events. */
import { useState } from 'react';
import type { Address } from '@solana/kit';
import type { ProgramEvent } from '../chain/history';
import { statementCsv } from '../chain/statement';
import { ofThrown } from '../transactions/trouble';
import { useFollow, useStore } from '../ui/hooks';
import { HistoryList } from '../ui/history-list';
import { Empty } from '../ui/parts';
import { AddressText } from '../ui/text';
import { session } from '../wallet/session';

/** Whether an event names the wallet. */
const names = (wallet: Address) => ({ event }: ProgramEvent) => Object.values(event).includes(wallet);

/** Gives all of it as a file, made in the page. */
function Download({ wallet }: { wallet: Address }) {
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const download = async () => {
        setBusy(true);
        setProblem('');
        try {
            const url = URL.createObjectURL(new Blob([await statementCsv(wallet, names(wallet))], { type: 'text/csv' }));
            const link = Object.assign(document.createElement('a'), { href: url, download: `upside-${wallet}.csv` });
            link.click();
            URL.revokeObjectURL(url);
        } catch (error) {
            setProblem(ofThrown(error).sentence);
        } finally {
            setBusy(false);
        }
    };
    return (
        <>
            <div className="buttons">
                <button type="button" className="small secondary" disabled={busy} onClick={() => void download()}>
                    {busy ? 'Reading…' : 'Save all of it as CSV'}
                </button>
            </div>
            <p role="alert" className="problem">
                {problem}
            </p>
        </>
    );
}

export default function Statement({ wallet }: { wallet: Address | null }) {
    const own = useStore(session)?.address;
    const whose = wallet ?? own;
    useFollow(whose);
    return (
        <>
            <h1>Statement</h1>
            {whose ? (
                <>
                    <p className="lead">
                        Everything that <AddressText address={whose} whole /> did and got.
                    </p>
                    <Download key={`csv/${whose}`} wallet={whose} />
                    <HistoryList key={whose} address={whose} isWanted={names(whose)} showSecurity />
                </>
            ) : (
                <Empty>Connect a wallet to see what it did and got.</Empty>
            )}
        </>
    );
}
