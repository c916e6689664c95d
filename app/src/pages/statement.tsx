/** Everything a wallet did and got, from the program's own events. */
import type { Address } from '@solana/kit';
import type { ProgramEvent } from '../chain/history';
import { useFollow, useStore } from '../ui/hooks';
import { HistoryList } from '../ui/history-list';
import { Empty } from '../ui/parts';
import { AddressText } from '../ui/text';
import { session } from '../wallet/session';

/** Whether an event names the wallet. */
const names = (wallet: Address) => ({ event }: ProgramEvent) => Object.values(event).includes(wallet);

export default function Statement({ wallet }: { wallet: Address | null }) {
    const own = useStore(session)?.address;
    const whose = wallet ?? own;
    useFollow(whose);
    return (
        <>
            <h1>Statement</h1>
            {whose ? (
                <>
                    <p className="lead">
                        Everything that <AddressText address={whose} whole /> did and got.
                    </p>
                    <HistoryList key={whose} address={whose} isWanted={names(whose)} showSecurity />
                </>
            ) : (
                <Empty>Connect a wallet to see what it did and got.</Empty>
            )}
        </>
    );
}
