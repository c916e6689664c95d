/** The page of a security: who and what it stands for, and everything about it. */
import { lazy, Suspense } from 'react';
import type { Address } from '@solana/kit';
import { KINDS } from '../../chain/accounts';
import { readView, type View } from '../../chain/view';
import { useFollow, useQuery } from '../../ui/hooks';
import { Loaded, RegisteredExplained } from '../../ui/parts';
import { AddressText } from '../../ui/text';
import { ActionLinks } from './action-links';
import { About } from './about';
import { CapTable } from './cap-table';
import { Mine } from './mine';
import { StreamCard } from './stream';
import { Terms } from './terms';

const Backing = lazy(() => import('./backing'));
const Grants = lazy(() => import('./grants'));
const Rounds = lazy(() => import('./rounds'));
const CollectiveCards = lazy(() => import('./collective'));
const Layers = lazy(() => import('./layers'));
const Value = lazy(() => import('./value'));
const History = lazy(() => import('./history'));

const MEANING = {
    Expression: 'one company, song, paper, film or product',
    Person: 'everything one person will ever do',
    Collective: 'people who rise together',
} as const;

function Sections({ view }: { view: View }) {
    const { security, share } = view;
    const kind = KINDS[security.kind];
    useFollow(security.address);
    return (
        <>
            <p className="eyebrow">
                {kind ?? 'Security'} <bdi>{share.symbol}</bdi>
            </p>
            <h1>
                <bdi>{share.name}</bdi>
            </h1>
            <p className="lead">
                Stands for {kind ? MEANING[kind] : 'something this version does not know'}. Share mint <AddressText address={security.mint} />
            </p>
            <Mine view={view} />
            <ActionLinks view={view} />
            <About view={view} />
            <Terms view={view} />
            <StreamCard view={view} />
            <CapTable view={view} />
            <Suspense fallback={<p className="loading">Loading the rest…</p>}>
                <Backing view={view} />
                <Layers view={view} />
                <Value view={view} />
                <CollectiveCards view={view} />
                <Rounds view={view} />
                <Grants view={view} />
                <History view={view} />
            </Suspense>
            <RegisteredExplained />
        </>
    );
}

export default function SecurityPage({ mint }: { mint: Address }) {
    const query = useQuery(`view/${mint}`, () => readView(mint));
    return (
        <Loaded query={query} what="the security">
            {(view) => <Sections view={view} />}
        </Loaded>
    );
}
