from acceptance.stories import a_team
from aws.lambda_world import an_account
import time
async def test_it():
    with an_account() as aws:
        async with a_team(3, compose=aws.compose) as team:
            t=time.time()
            await team.says("/plan", by="Ana")
            print(team.card()); print(time.time()-t)
            await team.clicks("Approve", by="Ana")
            print(time.time()-t)
            for task in (await team.run()).tasks:
                await team.finishes(task)
            print(await team.states(),time.time()-t)
            await team.ships(by="Ben")
            print(await team.states(), time.time()-t, aws.batches)
            print(team.world.clock.now())
