-- Fails for each country whose revenue is not above zero.
select country, revenue
from {{ ref('revenue_by_country') }}
where revenue <= 0
