/** Routes in the fragment of the address, so that any static host serves every deep link. */
import { useSyncExternalStore } from 'react';

export type Route = { path: readonly string[]; query: URLSearchParams };

function decode(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

function parse(hash: string): Route {
    const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
    return { path: path.split('/').filter((part) => part !== '').map(decode), query: new URLSearchParams(query) };
}

const subscribe = (listener: () => void) => {
    window.addEventListener('hashchange', listener);
    return () => window.removeEventListener('hashchange', listener);
};

export function useRoute(): Route {
    return parse(useSyncExternalStore(subscribe, () => location.hash));
}

export const linkTo = (...path: string[]): string => `#/${path.map(encodeURIComponent).join('/')}`;
/** A link with a question behind it. */
export const linkWith = (query: Record<string, string>, ...path: string[]): string => `${linkTo(...path)}?${new URLSearchParams(query)}`;
export const go = (href: string): void => {
    location.hash = href;
};
