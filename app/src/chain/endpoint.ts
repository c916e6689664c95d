/** Which RPC server the page talks to: the user's choice, kept in this browser. */

const KEY = 'upside.rpc';
const DEFAULT = 'http://127.0.0.1:8899';

const isLoopback = (url: URL) => url.protocol === 'http:' && url.hostname === '127.0.0.1';

/** The address as the page may use it, or why it may not: the content security policy allows https, and 127.0.0.1 without it. */
export function parseEndpoint(text: string): { url: string } | { problem: string } {
    let url: URL;
    try {
        url = new URL(text.trim());
    } catch {
        return { problem: 'Write a whole address, for example https://api.devnet.solana.com' };
    }
    if (url.protocol !== 'https:' && !isLoopback(url)) {
        return { problem: 'Use https, or http://127.0.0.1 with a port for a network on this machine' };
    }
    return { url: url.href.replace(/\/$/, '') };
}

/** Where the websocket of a server is: by Solana's convention one port above a port that is written out, else the same address. */
export function websocketOf(endpoint: string): string {
    const url = new URL(endpoint);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (url.port !== '') url.port = String(Number(url.port) + 1);
    return url.href.replace(/\/$/, '');
}

/** What a link asks for by `?rpc=`. Only a network on this machine is taken without asking: a link must not choose what a wallet sees. */
export function linkedEndpoint(search: string): { url: string; trusted: boolean } | null {
    const text = new URLSearchParams(search).get('rpc');
    if (text === null) return null;
    const parsed = parseEndpoint(text);
    return 'url' in parsed ? { url: parsed.url, trusted: isLoopback(new URL(parsed.url)) } : null;
}

export function storedEndpoint(): string {
    const linked = linkedEndpoint(location.search);
    if (linked?.trusted) return linked.url;
    const parsed = parseEndpoint(localStorage.getItem(KEY) ?? DEFAULT);
    return 'url' in parsed ? parsed.url : DEFAULT;
}

/** Keeps a choice and starts the page anew with it, without what a link asked for. */
export function chooseEndpoint(url: string): void {
    localStorage.setItem(KEY, url);
    history.replaceState(null, '', location.pathname + location.hash);
    location.reload();
}
