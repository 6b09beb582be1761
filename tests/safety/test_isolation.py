import time
from tests.safety.crawler import crawl, dump
from tests.safety.world import VIEWERS, may_read, tags_in
from schema import guard, caches
async def test_world(scene, monkeypatch):
    monkeypatch.setattr(guard, "DEPTH_MAX", 99); monkeypatch.setattr(caches, "TOKENS_MAX", 10**6); monkeypatch.setattr(caches,"KEPT_CHARACTERS_MAX",10**7)
    scene.engine.cost_max=10**15
    for name in VIEWERS:
        t0=time.time(); tags=set(); sizes=[]
        for doc, v in crawl(scene.engine.view(scene.viewers[name])):
            a = await scene.ask(name, doc, v)
            if "errors" in a: print(name, doc[:60], a["errors"][:2])
            tags |= tags_in(dump(a)); sizes.append((doc[:30],len(doc),len(dump(a))))
        ok=may_read(name)
        print(name, round(time.time()-t0,2), "LEAK", sorted(tags-ok), "UNSEEN", sorted(ok-tags), max(sizes,key=lambda s:s[1]), sum(s[2] for s in sizes))
