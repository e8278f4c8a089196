@shop/sell
Feature: Selling
  @id:rows
  Scenario Outline: Row <case>
    Given a stock of <stock>
    When 1 are sold
    Then <left> are left

    Examples: few
      | case | stock | left |
      | a    | 3     | 2    |

    Examples: in another order
      | left | case | stock |
      | 6    | b    | 7     |
