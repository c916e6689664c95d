// Serves the built page on 127.0.0.1: `node scripts/serve.mjs [FOLDER] [PORT]`. Prints the address; ends with its standard input.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = {
    '.css': 'text/css; charset=utf-8',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.json': 'application/json',
    '.svg': 'image/svg+xml',
};

/** A server of the files of a folder, and of nothing above it. */
export function serve(folder, port = 0) {
    const server = createServer(async (request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://127.0.0.1').pathname));
        const file = join(folder, path.endsWith('/') ? join(path, 'index.html') : path);
        try {
            if (!file.startsWith(normalize(folder)) || !(await stat(file)).isFile()) throw new Error('no such file');
            response.writeHead(200, {
                'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
                'content-security-policy': "frame-ancestors 'none'",
                'x-content-type-options': 'nosniff',
                'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
            });
            createReadStream(file).pipe(response);
        } catch {
            response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.');
        }
    });
    return new Promise((resolve) => {
        server.listen(port, '127.0.0.1', () => resolve({ server, url: `http://127.0.0.1:${server.address().port}` }));
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const folder = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url));
    const { url } = await serve(folder, Number(process.argv[3] ?? 0));
    console.log(url);
    process.stdin.resume().on('end', () => process.exit(0));
}
