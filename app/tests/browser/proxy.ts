/** A wire between the page and the localnet that can be cut and mended: both ports, requests and websocket. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export type Wire = { url: string; cut: () => Promise<void>; mend: () => Promise<void>; close: () => Promise<void> };

function forward(to: number, sockets: Set<Socket>): Server {
    return createServer((near) => {
        const far = connect(to, '127.0.0.1');
        for (const socket of [near, far]) {
            sockets.add(socket);
            socket.on('close', () => sockets.delete(socket));
            socket.on('error', () => [near, far].forEach((each) => each.destroy()));
        }
        near.pipe(far).pipe(near);
    });
}

const listen = (server: Server, port: number) =>
    new Promise<number>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });

/** Two neighbouring ports that are free, as the websocket's is one above. */
export async function startWire(rpc: string, ws: string): Promise<Wire> {
    const sockets = new Set<Socket>();
    const targets = [rpc, ws].map((url) => Number(new URL(url).port));
    let servers = targets.map((target) => forward(target, sockets));
    let port = 0;
    for (;;) {
        port = await listen(servers[0]!, 0);
        try {
            await listen(servers[1]!, port + 1);
            break;
        } catch {
            servers.forEach((server) => server.close());
            servers = targets.map((target) => forward(target, sockets));
        }
    }
    const cut = async () => {
        const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
        sockets.forEach((socket) => socket.destroy());
        await Promise.all(closed);
    };
    const mend = async () => {
        servers = targets.map((target) => forward(target, sockets));
        await Promise.all(servers.map((server, i) => listen(server, port + i)));
    };
    return { url: `http://127.0.0.1:${port}`, cut, mend, close: cut };
}
