/** The little that is taken from strangers' servers: a short JSON document that names an image, and a picture of few bytes. */

export type Remote = { url: string; host: string };

const MOST_JSON_BYTES = 64 * 1_024;
const MOST_IMAGE_BYTES = 1_024 * 1_024;
const TIMEOUT = 10_000;
/** Raster formats only: a picture of these cannot refer to anything else. */
const IMAGE_TYPES = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif']);
const GATEWAY = 'https://ipfs.io/ipfs/';

/** Where a URI leads; null if it is not of https or IPFS. */
export function parseRemote(uri: string): Remote | null {
    const resolved = uri.startsWith('ipfs://') ? GATEWAY + uri.slice('ipfs://'.length).replace(/^ipfs\//, '') : uri;
    try {
        const url = new URL(resolved);
        return url.protocol === 'https:' && url.username === '' && url.password === '' ? { url: url.href, host: url.host } : null;
    } catch {
        return null;
    }
}

async function take(remote: Remote, most: number): Promise<Response> {
    const response = await fetch(remote.url, {
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT),
    });
    if (!response.ok || !response.body) throw new Error(`${remote.host} has no such thing (${response.status}).`);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    const reader = response.body.getReader();
    for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        size += value.length;
        if (size > most) {
            await reader.cancel();
            throw new Error(`${remote.host} sends more than ${most / 1_024} kB; it is not shown.`);
        }
        chunks.push(value);
    }
    const type = response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
    return new Response(new Blob(chunks, { type }), { headers: { 'content-type': type } });
}

export async function fetchImage(remote: Remote): Promise<Blob> {
    const blob = await (await take(remote, MOST_IMAGE_BYTES)).blob();
    if (!IMAGE_TYPES.has(blob.type)) throw new Error(`${remote.host} sends no picture of a kind that is shown.`);
    return blob;
}

/** The image behind a metadata URI: the picture itself, or where the document says it is. */
export async function fetchImageAddress(remote: Remote): Promise<Blob | Remote> {
    const response = await take(remote, MOST_IMAGE_BYTES);
    const type = response.headers.get('content-type') ?? '';
    if (IMAGE_TYPES.has(type)) return await response.blob();
    const text = await response.text();
    if (text.length > MOST_JSON_BYTES) throw new Error(`${remote.host} sends a document that is too long.`);
    let image: unknown;
    try {
        image = (JSON.parse(text) as { image?: unknown }).image;
    } catch {
        throw new Error(`${remote.host} sends neither a picture nor a document about one.`);
    }
    const found = typeof image === 'string' ? parseRemote(image) : null;
    if (!found) throw new Error(`The document of ${remote.host} names no image that can be shown.`);
    return found;
}
