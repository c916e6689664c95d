/** A real localnet with the real program, for as long as a test runs. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createSolanaRpc, type Rpc, type SolanaRpcApi } from '@solana/kit';
import { environment } from './environment';

export type Equity = { symbol: string; mint: string; token_program: string; decimals: number; frozen_by_default: boolean };
type Ready = { rpc: string; ws: string; payout_mint: string; payout_decimals: number; equity: Equity[] };
export type Localnet = Ready & { client: Rpc<SolanaRpcApi>; stop: () => Promise<void>; travel: (seconds: number) => Promise<void> };

const CLOCK = 'SysvarC1ock11111111111111111111111111111111';

async function request(url: string, method: string, params: unknown[]): Promise<unknown> {
    const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
}

async function clock(url: string): Promise<number> {
    const answer = (await request(url, 'getAccountInfo', [CLOCK, { encoding: 'base64' }])) as { value: { data: [string] } };
    return Number(Buffer.from(answer.value.data[0], 'base64').readBigInt64LE(32));
}

/** Starts a localnet that gives these wallets SOL, payout tokens and every equity. */
export async function startLocalnet(funded: readonly string[], options: { program: boolean } = { program: true }): Promise<Localnet> {
    const { localnet, program } = environment();
    const child: ChildProcess = spawn(
        localnet,
        [
            ...(options.program ? ['--upside', program] : []),
            '--json',
            '--quiet',
            '--slot-ms',
            '100',
            '--exit-with-stdin',
            ...funded.flatMap((wallet) => ['--fund', wallet]),
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const ready = await new Promise<Ready>((resolve, reject) => {
        createInterface({ input: child.stdout! }).once('line', (line) => resolve(JSON.parse(line) as Ready));
        child.once('exit', (code) => reject(new Error(`the localnet ended with code ${code} before it was ready`)));
    });
    return {
        ...ready,
        client: createSolanaRpc(ready.rpc),
        stop: () =>
            new Promise((resolve) => {
                child.once('exit', () => resolve());
                child.kill('SIGTERM');
            }),
        travel: async (seconds) => {
            const to = (await clock(ready.rpc)) + seconds;
            await request(ready.rpc, 'surfnet_timeTravel', [{ absoluteTimestamp: to * 1_000 }]);
        },
    };
}
