/** Which page an address shows. Every page is a chunk of its own, loaded when it is first opened. */
import { lazy, type ReactNode } from 'react';
import { isAddress, type Address } from '@solana/kit';
import { linkTo, type Route } from '../router';
import Home from './home';

const Explore = lazy(() => import('./explore'));
const Create = lazy(() => import('./create/page'));
const Settings = lazy(() => import('./settings'));
const Statement = lazy(() => import('./statement'));
const Trust = lazy(() => import('./trust'));
const SecurityPage = lazy(() => import('./security/page'));
const ActionPage = lazy(() => import('./actions/page'));

function NotFound({ children }: { children: ReactNode }) {
    return (
        <>
            <h1>There is no such page</h1>
            <p>
                {children} <a href={linkTo()}>Go home</a>.
            </p>
        </>
    );
}

export function page({ path, query }: Route): ReactNode {
    const [first, mint, action, ...rest] = path;
    switch (first) {
        case undefined:
            return <Home />;
        case 'explore':
            return <Explore />;
        case 'create':
            return <Create />;
        case 'settings':
            return <Settings />;
        case 'statement':
            return <Statement wallet={mint !== undefined && isAddress(mint) ? mint : null} />;
        case 'trust':
            return <Trust />;
        case 'security':
            if (mint === undefined || !isAddress(mint)) return <NotFound>A security is named by the address of its share mint.</NotFound>;
            if (action === undefined) return <SecurityPage key={mint} mint={mint as Address} />;
            return <ActionPage key={path.join('/')} mint={mint as Address} action={action} rest={rest} query={query} />;
        default:
            return <NotFound>The address names a page that does not exist.</NotFound>;
    }
}
