import asyncio,time
from tests.edge import open_edge
from tests.races.test_play import *
from tests.journeys.test_play import read_home
from api.runtime.batcher import Batcher
from game.home.actions import Home
async def test_speed(settings):
    async with open_edge(settings) as edge:
        db=edge.database
        ids=[await new_member(db) for _ in range(64)]
        await run_action(db,play_moves,[playing(i,0) for i in ids])
        b=Batcher(db,play_moves)
        mv=[Move(MoveKind.MOVE,30,31),Move(MoveKind.MOVE,31,30)]
        seq=[Move(MoveKind.MOVE,FRIDGE,30) if k%2==0 else Move(MoveKind.MOVE,30,FRIDGE) for k in range(20)]
        async def one(i,n):
            rev=1
            for _ in range(n):
                a=await b.submit(playing(i,rev,*seq)); assert a.result.applied==20; rev=a.board.revision
        t=time.perf_counter(); await asyncio.gather(*(one(i,20) for i in ids)); d=time.perf_counter()-t
        print('PLAY', 64*20/d,'playMoves of 20 /s at 64')
        home=Home()
        async with db.read() as c:
            for i in ids[:3]: await home.read(c,i,NOW,'en')
            t=time.perf_counter()
            for k in range(300): r=await home.read(c,ids[k%64],NOW,'en')
            print('HOME', 300/(time.perf_counter()-t),'/s one connection', r.statements, r.broken)
        edge.lift_limits()
        await edge.ask("mobile","Home","demo:mei")
        t=time.perf_counter()
        for _ in range(60): await edge.ask("mobile","Home","demo:mei")
        print('HTTP HOME', 60/(time.perf_counter()-t))
        v=(await edge.ask("mobile","Home","demo:mei"))["version"]
        t=time.perf_counter()
        for _ in range(60): await edge.ask("mobile","Home","demo:mei",ifVersion=v)
        print('HTTP HOME unchanged', 60/(time.perf_counter()-t))
        assert 0
