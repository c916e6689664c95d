/** Events, newest first, page by page. */
import { useState } from 'react';
import type { Address, Signature } from '@solana/kit';
import { sentenceOf } from '../chain/event-sentences';
import type { ProgramEvent } from '../chain/history';
import { readPage, wordsFor, type Page } from '../chain/history-pages';
import { symbolIn } from '../chain/names';
import { readNetwork } from '../chain/network';
import { linkTo } from '../router';
import { formatTime } from '../time';
import { useQuery } from './hooks';
import { Empty, Loaded } from './parts';
import { ExplorerLink } from './text';

function Entries({ page, showSecurity }: { page: Page; showSecurity: boolean }) {
    const { data: network } = useQuery('network', readNetwork);
    return page.entries.map(({ signature, happened }, i) => {
        const security = page.securities.get(happened.event.security);
        return (
            // One transaction can hold several events of one kind.
            // oxlint-disable-next-line react/no-array-index-key
            <li key={`${signature}/${i}`}>
                <time>{formatTime(happened.event.ts)}</time>
                <span>
                    {showSecurity && security && (
                        <>
                            <a href={linkTo('security', security.mint)}>
                                <bdi>{symbolIn(page.names, security.mint)}</bdi>
                            </a>
                            :{' '}
                        </>
                    )}
                    {sentenceOf(happened, wordsFor(page, security))}
                </span>
                <ExplorerLink cluster={network?.cluster} kind="tx" id={signature} />
            </li>
        );
    });
}

type Props = { address: Address; isWanted?: (happened: ProgramEvent) => boolean; showSecurity?: boolean };
const every = () => true;

export function HistoryList({ address, isWanted = every, showSecurity = false }: Props) {
    const first = useQuery(`history/${address}`, () => readPage(address, null, isWanted));
    const [later, setLater] = useState<{ after: Signature | undefined; pages: Page[] }>({ after: undefined, pages: [] });
    const [busy, setBusy] = useState(false);
    const newest = first.data?.entries[0]?.signature;
    // When something new happened the pages shift: begin again.
    const more = later.after === newest ? later.pages : [];
    const readMore = async (before: Signature) => {
        setBusy(true);
        try {
            const page = await readPage(address, before, isWanted);
            setLater({ after: newest, pages: [...more, page] });
        } finally {
            setBusy(false);
        }
    };
    return (
        <Loaded query={first} what="the history">
            {(page) => {
                const pages = [page, ...more];
                const before = pages.at(-1)!.before;
                if (page.entries.length === 0 && before === null) return <Empty>Nothing has happened yet.</Empty>;
                return (
                    <>
                        <ol className="history">
                            {pages.map((each, i) => (
                                <Entries key={each.before ?? i} page={each} showSecurity={showSecurity} />
                            ))}
                        </ol>
                        {before && (
                            <button type="button" className="secondary" disabled={busy} onClick={() => void readMore(before)}>
                                {busy ? 'Reading…' : 'Show earlier'}
                            </button>
                        )}
                    </>
                );
            }}
        </Loaded>
    );
}
