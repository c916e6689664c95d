/** How components follow stores, and read from the network. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Address } from '@solana/kit';
import { createAnswers } from '../chain/answers';
import { readClock, timeNow, type Clock } from '../chain/clock';
import { follow, version } from '../chain/live';
import type { Store } from '../chain/store';

export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get);

export type Query<T> = { data: T | undefined; error: unknown; loading: boolean };

const answers = createAnswers();

/**
 * Reads something and reads it again whenever it may be old. `key` names it; null reads nothing. While a new answer is on its way, and when
 * it fails, the old one stays.
 */
export function useQuery<T>(key: string | null, read: () => Promise<T>): Query<T> {
    const at = useStore(version);
    const [state, setState] = useState<{ key: string | null; error: unknown; settled: boolean }>({ key, error: null, settled: false });
    useEffect(() => {
        if (key === null) return;
        let current = true;
        const answer = answers.begin(key);
        read().then(
            (data) => {
                answer(data);
                if (current) setState({ key, error: null, settled: true });
            },
            (error: unknown) => {
                if (current) setState({ key, error, settled: true });
            },
        );
        return () => {
            current = false;
        };
        // `key` names everything that `read` depends on.
        // oxlint-disable-next-line react/exhaustive-deps
    }, [key, at]);
    const data = key === null ? undefined : (answers.get(key) as T | undefined);
    const own = state.key === key;
    return { data, error: own ? state.error : null, loading: key !== null && data === undefined && !(own && state.settled && state.error) };
}

/** Reads again whenever a transaction touches `address`, while the component shows. */
export function useFollow(address: Address | null | undefined): void {
    useEffect(() => (address ? follow(address) : undefined), [address]);
}

export const useClock = (): Query<Clock> => useQuery('clock', readClock);

/** The cluster's time, once a second; undefined until it is known. */
export function useNow(): bigint | undefined {
    const { data: clock } = useClock();
    const [, setTick] = useState(0);
    useEffect(() => {
        const timer = setInterval(() => setTick((tick) => tick + 1), 1_000);
        return () => clearInterval(timer);
    }, []);
    return clock && timeNow(clock);
}
