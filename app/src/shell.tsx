/** The frame around every page: navigation, wallet, what is wrong with the network, and the dialog of what is being done. */
import { Component, lazy, Suspense, useEffect, useRef, type ReactNode } from 'react';
import { HOST } from './chain/connection';
import { visible } from './display';
import { page } from './pages/routes';
import { linkTo, useRoute } from './router';
import { run } from './transactions/state';
import { Banners } from './ui/banners';
import { useStore } from './ui/hooks';
import { Notice } from './ui/parts';
import { WalletButton } from './ui/wallet-button';

const ConfirmDialog = lazy(() => import('./ui/confirm/dialog'));

const LINKS = [
    { path: [], label: 'Home' },
    { path: ['explore'], label: 'Explore' },
    { path: ['create'], label: 'Create' },
    { path: ['statement'], label: 'Statement' },
    { path: ['settings'], label: 'Settings' },
] as const;

/** A defect in one page leaves the frame, and so the way out, in place. */
class Boundary extends Component<{ at: string; children: ReactNode }, { broken: Error | null; at: string }> {
    override state: { broken: Error | null; at: string } = { broken: null, at: this.props.at };

    static getDerivedStateFromError(broken: Error) {
        return { broken };
    }

    static getDerivedStateFromProps(props: { at: string }, state: { at: string }) {
        return props.at === state.at ? null : { broken: null, at: props.at };
    }

    override render() {
        if (!this.state.broken) return this.props.children;
        return (
            <Notice tone="danger">
                <p>This page broke: {visible(this.state.broken.message, 200)}</p>
                <p>
                    Nothing was sent. <a href={linkTo()}>Go home</a>, or load the page again.
                </p>
            </Notice>
        );
    }
}

export function Shell() {
    const route = useRoute();
    const current = route.path[0] ?? '';
    const at = route.path.join('/');
    const main = useRef<HTMLElement>(null);
    const opened = useRef(at);
    useEffect(() => {
        // A new page is read from its beginning; the first one is left to the browser.
        if (opened.current === at) return;
        opened.current = at;
        window.scrollTo(0, 0);
        main.current?.focus();
    }, [at]);
    const busy = useStore(run) !== null;
    return (
        <>
            <a className="skip" href="#main" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
                Skip to the page
            </a>
            <header className="frame">
                <a className="brand" href={linkTo()}>
                    <img src="./icon.svg" alt="" width="28" height="28" /> Upside
                </a>
                <nav aria-label="Pages">
                    {LINKS.map(({ path, label }) => (
                        <a key={label} href={linkTo(...path)} aria-current={(path[0] ?? '') === current ? 'page' : undefined}>
                            {label}
                        </a>
                    ))}
                </nav>
                <WalletButton />
            </header>
            <Banners />
            <main id="main" ref={main} tabIndex={-1}>
                <Boundary at={at}>
                    <Suspense fallback={<p className="loading" role="status">Loading the page…</p>}>{page(route)}</Suspense>
                </Boundary>
            </main>
            <footer className="frame">
                <p>
                    Network server: <code>{HOST}</code>. This page talks to nobody else. <a href={linkTo('trust')}>Who can do what</a>
                </p>
            </footer>
            {busy && (
                <Suspense>
                    <ConfirmDialog />
                </Suspense>
            )}
        </>
    );
}
